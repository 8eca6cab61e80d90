"""Delete a person's rows everywhere: `forget ID`."""

import argparse
import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.schema import Schema
from ..dataloader.sources import CELL_BYTES, ORIGINAL, PARQUET, ROW, read_header, read_table
from ..executor.prepare import QUARANTINE, ensure
from ..model import store
from ..registry.versions import BACKGROUND, PREDICTIONS, numbers, resolve
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, replacing, write_json
from ..utils.logs import log
from ..utils.provenance import git
from .served import forget_served
from .settings import PATH, load_governance
from .subjects import as_text, has_learnt, pseudonym, record_subjects, rows_by_subject

REPORT = Path("reports", "forgotten.json")
SEARCHED = ("data", "models", "logs", "reports")
SHORT = 5  # characters; a shorter id is found by chance in any file
Keep = Callable[[int, str | None], bool]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The person, and predictions that are known to be about them."""
    parser.add_argument("id", metavar="ID", help=f"a value of subject.column in {PATH}")
    text = "a prediction about this person; may be repeated"
    parser.add_argument("--prediction", action="append", default=[], metavar="ID", help=text)


def run(args: argparse.Namespace) -> None:
    """Delete; run again, it completes what was interrupted. Raises CheckFailed for what is left."""
    settings = load_governance(args.root)
    config, column = load_project(args.root, args.overrides), settings.subject.column
    if column is None:
        raise ValueError(f"{PATH}: subject.column is null; name the column that names a person")
    record_subjects(args.root, config, column)
    rows = rows_by_subject(args.root, config, column).filter(pl.col(column) == args.id)
    n_served, waiting = forget_served(args.root, args.id, column, args.prediction)
    log("forget", f"{n_served} predictions, labels and their like")
    _forget_quarantine(args.root, args.id)
    _forget_background(args.root, rows)
    copies = _forget_originals(args.root, config, column, args.id, rows)
    log("", f"{len(rows)} rows of the data files")
    ensure(config, args.root, replace=True)  # new parts, manifest and profile
    _report(args.root, args.id, {"rows": len(rows), "served": n_served})
    if left := [*waiting, *copies, *_search(args.root, args.id)]:
        raise CheckFailed("\n".join(left))


def _forget_originals(
    root: Path, config: Config, column: str, subject: str, rows: pl.DataFrame
) -> list[str]:
    """Rewrite the files that hold the person; returns a sentence for each copy that stays.

    The main file is first: where only a joined file names persons, its rows are found by that one.
    """
    main, left = config.data.file, []
    for name in (main, *config.data.files.values()):
        for path in _copies(root, name):
            named = column in _columns(path)
            numbers_in_main = set(rows[ROW]) if name == main and not named else set()
            keep = _keeper(subject, numbers_in_main)
            if path.resolve().is_relative_to(root.resolve()):
                _rewrite(path, column if named else None, keep)
            elif numbers_in_main or (named and _names(path, column, subject)):
                left.append(f"{path}: outside of the project; delete '{subject}' there")
            if git(root, "log", "--all", "-S", subject, "--format=%h", "--", str(path)):
                left.append(f"{path}: git keeps what it held; see `git filter-repo`")
    return left


def _keeper(subject: str, numbers_in_main: set[int]) -> Keep:
    return lambda number, name: number not in numbers_in_main and name != subject


def _names(path: Path, column: str, subject: str) -> bool:
    found = read_table(path, str(path)).select(as_text(pl.col(column)) == subject)
    return bool(found[column].any())


def _copies(root: Path, name: str) -> list[Path]:
    """The file that conf/ names and its copy in data/original/."""
    found = [root / name, root / ORIGINAL / Path(name).name]
    return [path for path in dict.fromkeys(found) if path.is_file()]


def _columns(path: Path) -> list[str]:
    if path.suffix.lower() in PARQUET:
        return pl.scan_parquet(path).collect_schema().names()
    return read_header(path, str(path))[0]


def _rewrite(path: Path, column: str | None, keep: Keep) -> None:
    """Replace a file by its rows that are kept; the bytes of the other lines of a CSV stay."""
    mode = path.stat().st_mode
    with replacing(path) as temporary:
        if path.suffix.lower() in PARQUET:
            _rewrite_parquet(path, temporary, column, keep)
        else:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                file.writelines(_kept_lines(path, column, keep))
        temporary.chmod(mode)


def _rewrite_parquet(path: Path, to: Path, column: str | None, keep: Keep) -> None:
    table = pl.read_parquet(path)
    names = table.select(as_text(pl.col(column)))[column] if column else [None] * len(table)
    table.filter([keep(n, name) for n, name in enumerate(names, 1)]).write_parquet(to)


def _kept_lines(path: Path, column: str | None, keep: Keep) -> Iterator[str]:
    """The text of the header and of each row that is kept; a row may span several lines."""
    header, separator = read_header(path, str(path))
    place = header.index(column) if column else None
    csv.field_size_limit(CELL_BYTES)
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    with path.open(encoding="utf-8", newline="") as file:
        for number, cells in enumerate(csv.reader(lines(), delimiter=separator)):
            text, name = "".join(taken), None
            taken.clear()
            if place is not None and place < len(cells):
                name = cells[place].strip().removesuffix(".0")
            if number == 0 or keep(number, name):
                yield text


def _forget_background(root: Path, rows: pl.DataFrame) -> None:
    """Delete the person's rows from those that versions keep of their training."""
    for number in numbers(root):
        folder = resolve(root, str(number))
        schema = Schema.model_validate(store.read_description(folder)["schema"])
        if not len(rows) or not set(schema.columns) <= set(rows.columns):
            continue
        kept = pl.read_parquet(folder / BACKGROUND)
        columns = [name for name in schema.columns if name in kept.columns]
        theirs = schema.parse(rows).select(columns)
        gone = kept.join(theirs, on=columns, how="semi", nulls_equal=True)[ROW]
        if len(gone):
            _drop_rows(folder / PREDICTIONS, "row", gone)
            _drop_rows(folder / BACKGROUND, ROW, gone)
            log("", f"{len(gone)} background rows of version {number}; sign it again")


def _drop_rows(path: Path, column: str, gone: pl.Series) -> None:
    mode = path.stat().st_mode
    with replacing(path) as temporary:
        pl.read_parquet(path).filter(~pl.col(column).is_in(gone.implode())).write_parquet(temporary)
        temporary.chmod(mode)


def _forget_quarantine(root: Path, subject: str) -> None:
    """Delete what names the person; the rows that `prepare` refused are written anew by it."""
    (root / QUARANTINE / "prepare.json").unlink(missing_ok=True)
    for path in (root / QUARANTINE).glob("*.json"):
        cells = read_json(path)
        theirs = {one[ROW] for one in cells if str(one["value"]).removesuffix(".0") == subject}
        if theirs:
            write_json(path, [one for one in cells if one[ROW] not in theirs])


def _report(root: Path, subject: str, counts: dict[str, int]) -> None:
    """List the models that learnt from the person, and keep the list in reports/."""
    words = {True: "learnt from this person", None: "nobody can tell"}
    folders = {str(number): resolve(root, str(number)) for number in numbers(root)}
    data = {f"version {k}": store.read_description(f)["data"] for k, f in folders.items()}
    data |= {f"run {one.folder.name}": one.record.get("data") for one in runs.every(root)}
    known = {name: has_learnt(root, found, subject) for name, found in data.items() if found}
    models = {name: words[learnt] for name, learnt in known.items() if learnt is not False}
    for name, text in models.items():
        log("", f"{name}: {text}")
    if models:
        log("", "next      train, evaluate, register and promote, then delete these models")
    path, now = root / REPORT, datetime.now(UTC).isoformat()
    before = read_json(path)["requests"] if path.is_file() else []
    entry: dict[str, Any] = {"subject": pseudonym(root, subject), "time": now, **counts}
    write_json(path, {"requests": [*before, {**entry, "models": models}]})


def _search(root: Path, subject: str) -> Iterator[str]:
    """Files that still hold the id as a word; for ids that are not found by chance."""
    if len(subject) < SHORT:
        log("", f"'{subject}' is too short to search for; files were not searched")
        return
    for path in (one for name in SEARCHED for one in sorted((root / name).rglob("*"))):
        if path.is_file() and _holds(path, subject):
            yield f"{path.relative_to(root).as_posix()}: still holds '{subject}'; delete it there"


def _holds(path: Path, subject: str) -> bool:
    if path.suffix in PARQUET:
        cells = pl.read_parquet(path).select(cs.string() | cs.integer() | cs.categorical())
        texts = (column.cast(pl.String) for column in cells)
        return any(column.str.contains(subject, literal=True).any() for column in texts)
    return subject.encode() in path.read_bytes()
