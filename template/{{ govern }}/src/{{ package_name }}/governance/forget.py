"""Delete a person's rows everywhere: `forget ID`."""

import argparse
import shutil
from collections.abc import Iterator
from os.path import relpath
from pathlib import Path

import polars as pl

from ..configs.load import load_project
from ..dataloader.examples import inline
from ..dataloader.schema import Schema, read_schema
from ..dataloader.sources import ORIGINAL, PARQUET, ROW, number_rows, read_header
from ..executor.prepare import QUARANTINE, ensure
from ..model import store
from ..monitoring.log import SCHEMAS, close, read_predictions, stores
from ..monitoring.segments import CLOSED, OPEN
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The person."""
    parser.add_argument("id", metavar="ID", help=f"a value of subject.column in {PATH}")


def run(args: argparse.Namespace) -> None:
    """Delete; run again, it completes what was interrupted. Raises CheckFailed for what is left."""
    root, subject = args.root, args.id
    table, column = rows_with_persons(root)
    record_subjects(root)
    rows = table.filter(pl.col(column) == subject)
    left = list(_forget_served(root, _predictions(root, subject, column)))
    shutil.rmtree(root / QUARANTINE, ignore_errors=True)  # `prepare` writes its part anew
    _forget_background(root, rows)
    _forget_images(root, rows, table.filter(pl.col(column).ne_missing(pl.lit(subject))))
    _forget_files(root, column, subject, rows)  # the last to know which rows are theirs
    ensure(load_project(root, args.overrides), root, replace=True)  # new parts and profile
    for text in _models(root, subject):
        log("", text)
    if left := [*left, *_search(root, subject)]:
        raise CheckFailed("\n".join(left))


def _predictions(root: Path, subject: str, column: str) -> list[str]:
    """Ids by the column, where it was logged, and by the header of the request, in the trail."""
    cell = as_text(pl.col("row").str.json_path_match(f"$['{column}']"))
    logged = read_predictions(root).filter(cell == subject).select(ID).collect()
    lines = trail.records(root, pseudonym(root, subject))
    return [*logged[ID], *(one for line in lines for one in line["predictions"])]


def _forget_served(root: Path, ids: list[str]) -> Iterator[str]:
    """Delete predictions and labels; a sentence for each file that is still open."""
    close(root)
    for path in stores(root):
        if path.suffix == OPEN and any(one.encode() in path.read_bytes() for one in ids):
            yield f"{relpath(path, root)}: the service writes it; stop it, or run this again later"
        elif path.suffix == CLOSED and ID in SCHEMAS[path.parent.name]:
            _delete(path, pl.col(ID).is_in(ids))


def _forget_background(root: Path, rows: pl.DataFrame) -> None:
    """Delete the person's rows from those that versions keep of their training."""
    for number in versions.numbers(root):
        folder = versions.resolve(root, str(number))
        schema = Schema.model_validate(store.read_description(folder)["schema"])
        if set(schema.columns) <= set(rows.columns):  # not of other data
            kept = pl.read_parquet(folder / versions.BACKGROUND)
            columns = [name for name in kept.columns if name != ROW]
            theirs = inline(schema.parse(rows).select(columns))
            gone = list(kept.join(theirs, on=columns, how="semi", nulls_equal=True)[ROW])
            _delete(folder / versions.PREDICTIONS, pl.col("row").is_in(gone))
            _delete(folder / versions.BACKGROUND, pl.col(ROW).is_in(gone))


def _forget_images(root: Path, rows: pl.DataFrame, others: pl.DataFrame) -> None:
    """Delete the images that the person's rows name, and nobody else's."""
    schema = read_schema(root)
    for name, column in schema.columns.items() if schema else ():
        if column.type == "image":
            for cell in set(rows[name].drop_nulls()) - set(others[name]):
                (root / cell).unlink(missing_ok=True)
                log("forget", cell)


def _forget_files(root: Path, column: str, subject: str, rows: pl.DataFrame) -> None:
    """Rewrite the files that conf/ names, and their copies in data/original/.

    The main file is first: where only a joined file names persons, its rows are found by that one.
    """
    data, named = load_project(root).data, as_text(pl.col(column)).eq_missing(pl.lit(subject))
    for name in (data.file, *data.files.values()):
        for path in (root / name, root / ORIGINAL / Path(name).name):
            if path.is_file() and column in _read(path).columns:
                _delete(path, named)
            elif path.is_file() and name == data.file:
                _delete(path, pl.col(ROW).is_in(list(rows[ROW])))


def _delete(path: Path, theirs: pl.Expr) -> None:
    """Replace a file by its other rows; its permissions and its time stay."""
    table = _read(path)
    kept = number_rows(table).filter(~theirs).select(table.columns)
    if len(kept) == len(table):
        return
    with replacing(path) as temporary:
        if path.suffix.lower() in PARQUET:
            kept.write_parquet(temporary)
        else:
            kept.write_csv(temporary, separator=read_header(path, str(path))[1])
        shutil.copystat(path, temporary)
    log("forget", f"{len(table) - len(kept)} rows of {relpath(path)}")


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
            yield f"{name}: {'learnt from this person' if found else 'nobody can tell'}"


def _search(root: Path, subject: str) -> Iterator[str]:
    """Files that still hold the id, and the history of git."""
    if len(subject) < SHORT:
        return log("", f"files were not searched for '{subject}', which is found by chance")
    for path in (one for name in SEARCHED for one in sorted((root / name).rglob("*"))):
        if path.is_file():
            is_table = path.suffix in PARQUET
            cells = pl.read_parquet(path).write_ndjson().encode() if is_table else path.read_bytes()
            if subject.encode() in relpath(path, root).encode() + cells:
                yield f"{relpath(path, root)}: still holds '{subject}'; delete it there"
    if git(root, "log", "--all", "-S", subject, "--format=%h", "--", *SEARCHED):
        yield f"git keeps '{subject}' in its history; see `git filter-repo`"
