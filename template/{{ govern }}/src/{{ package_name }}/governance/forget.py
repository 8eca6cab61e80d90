"""Delete a person's rows everywhere: `forget ID`."""

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ..configs.load import load_project
from ..dataloader.schema import Schema
from ..dataloader.sources import ORIGINAL, PARQUET, ROW, number_rows, read_header
from ..executor.prepare import QUARANTINE, ensure
from ..model import store
from ..monitoring.log import LABELS, PREDICTIONS, SCHEMAS, SERVED, read_predictions
from ..monitoring.segments import CLOSED, OPEN, SegmentWriter
from ..registry import versions
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import replacing
from ..utils.logs import log
from ..utils.provenance import git
from . import trail
from .settings import PATH
from .subjects import as_text, has_learnt, pseudonym, record_subjects, rows_with_persons

ID = "prediction_id"
SEARCHED = ("data", "models", "logs", "reports")
SHORT = 5  # characters; a shorter id is found by chance in any file
LEARNT = {True: "learnt from this person", None: "nobody can tell"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The person."""
    parser.add_argument("id", metavar="ID", help=f"a value of subject.column in {PATH}")


def run(args: argparse.Namespace) -> None:
    """Delete; run again, it completes what was interrupted. Raises CheckFailed for what is left."""
    root, subject = args.root, args.id
    table, column = rows_with_persons(root)
    record_subjects(root)
    rows = table.filter(pl.col(column) == subject)
    left = _forget_served(root, _predictions(root, subject, column))
    shutil.rmtree(root / QUARANTINE, ignore_errors=True)  # `prepare` writes its part anew
    _forget_background(root, rows)
    left += _forget_files(root, column, subject, rows)  # the last to know which rows are theirs
    log("forget", f"{len(rows)} rows of the data files")
    ensure(load_project(root, args.overrides), root, replace=True)  # new parts and profile
    if models := list(_models(root, subject)):
        for text in [*models, "train, evaluate, register and promote, then delete these models"]:
            log("", text)
    if left := [*left, *_search(root, subject)]:
        raise CheckFailed("\n".join(left))


def _predictions(root: Path, subject: str, column: str) -> set[str]:
    """Ids by the column, where it was logged, and by the header of the request, in the trail."""
    cell = as_text(pl.col("row").str.json_path_match(f"$['{column}']"))
    logged = read_predictions(root).filter(cell == subject).select(ID).collect()
    lines = trail.records(root, pseudonym(root, subject))
    return {*logged[ID], *(one for line in lines for one in line["predictions"])}


def _forget_served(root: Path, ids: set[str]) -> list[str]:
    """Delete predictions and labels; returns a sentence for each file that is still open."""
    n_deleted, left = 0, []
    for folder in (root / SERVED / PREDICTIONS, root / SERVED / LABELS):
        writer = SegmentWriter(folder, SCHEMAS[folder.name], lambda _: None)
        writer.start()  # closes what killed services have left
        writer.close()
        for path in folder.glob(f"*{CLOSED}"):
            n_deleted += _rewrite(path, pl.col(ID).is_in(list(ids)))
        for path in folder.glob(f"*{OPEN}"):
            if any(one.encode() in path.read_bytes() for one in ids):
                left.append(f"{path}: the service writes it; stop it, or run this again later")
    log("forget", f"{n_deleted} predictions and labels")
    return left


def _forget_background(root: Path, rows: pl.DataFrame) -> None:
    """Delete the person's rows from those that versions keep of their training."""
    for number in versions.numbers(root):
        folder = versions.resolve(root, str(number))
        schema = Schema.model_validate(store.read_description(folder)["schema"])
        if not set(schema.columns) <= set(rows.columns):
            continue  # of other data
        kept = pl.read_parquet(folder / versions.BACKGROUND)
        columns = [name for name in kept.columns if name != ROW]
        theirs = schema.parse(rows).select(columns)
        gone = list(kept.join(theirs, on=columns, how="semi", nulls_equal=True)[ROW])
        _rewrite(folder / versions.PREDICTIONS, pl.col("row").is_in(gone))
        if n_gone := _rewrite(folder / versions.BACKGROUND, pl.col(ROW).is_in(gone)):
            log("", f"{n_gone} background rows of version {number}; sign it again")


def _forget_files(root: Path, column: str, subject: str, rows: pl.DataFrame) -> Iterator[str]:
    """Rewrite the files that hold the person; a sentence for each copy that stays.

    The main file is first: where only a joined file names persons, its rows are found by that one.
    """
    data = load_project(root).data
    for name in (data.file, *data.files.values()):
        theirs = pl.col(ROW).is_in(list(rows[ROW])) if name == data.file else pl.lit(False)
        for path in {root / name, root / ORIGINAL / Path(name).name}:
            if not path.is_file():
                continue
            table = number_rows(_read(path))
            if column in table.columns:
                theirs = as_text(pl.col(column)).eq_missing(pl.lit(subject))
            if path.resolve().is_relative_to(root.resolve()):
                _rewrite(path, theirs)
            elif len(table.filter(theirs)):
                yield f"{path}: outside of the project; delete '{subject}' there"
            if git(root, "log", "--all", "-S", subject, "--format=%h", "--", str(path)):
                yield f"{path}: git keeps what it held; see `git filter-repo`"


def _rewrite(path: Path, gone: pl.Expr) -> int:
    """Replace a file by its other rows; returns how many are gone."""
    table, mode = _read(path), path.stat().st_mode
    kept = number_rows(table).filter(~gone).select(table.columns)
    if len(kept) < len(table):
        with replacing(path) as temporary:
            if path.suffix.lower() in PARQUET:
                kept.write_parquet(temporary)
            else:
                kept.write_csv(temporary, separator=read_header(path, str(path))[1])
            temporary.chmod(mode)
    return len(table) - len(kept)


def _read(path: Path) -> pl.DataFrame:
    """A table as it is in the file: cells of CSV are text."""
    if path.suffix.lower() in PARQUET:
        return pl.read_parquet(path)
    names, separator = read_header(path, str(path))
    return pl.read_csv(path, separator=separator, new_columns=names, infer_schema=False)


def _models(root: Path, subject: str) -> Iterator[str]:
    """A sentence for each version and run that learnt from the person."""
    folders = {n: versions.resolve(root, str(n)) for n in versions.numbers(root)}
    data = {f"version {n}": store.read_description(f)["data"] for n, f in folders.items()}
    data |= {f"run {one.folder.name}": one.record.get("data") for one in runs.every(root)}
    for name, hashes in data.items():
        if hashes and (found := has_learnt(root, hashes, subject)) is not False:
            yield f"{name}: {LEARNT[found]}"


def _search(root: Path, subject: str) -> Iterator[str]:
    """Files that still hold the id."""
    if len(subject) < SHORT:
        return log("", f"files were not searched for '{subject}', which is found by chance")
    for path in (one for name in SEARCHED for one in sorted((root / name).rglob("*"))):
        if path.is_file():
            is_table = path.suffix in PARQUET
            cells = pl.read_parquet(path).write_ndjson().encode() if is_table else path.read_bytes()
            if subject.encode() in cells:
                yield f"{path.relative_to(root).as_posix()}: still holds '{subject}'"
