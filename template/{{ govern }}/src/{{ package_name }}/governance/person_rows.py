"""Delete the rows of a person from data files, quarantine and registered versions."""

import csv
from collections.abc import Iterator, Set
from pathlib import Path

import polars as pl

from ..configs.settings import Config
from ..dataloader.schema import Schema
from ..dataloader.sources import (
    CELL_BYTES,
    ORIGINAL,
    PARQUET,
    ROW,
    number_rows,
    read_header,
    read_table,
)
from ..executor.prepare import QUARANTINE
from ..model import store
from ..registry.versions import BACKGROUND, PREDICTIONS, numbers, resolve
from ..utils.files import read_json, replacing, write_json
from ..utils.logs import log
from ..utils.provenance import git
from .subjects import as_text


def forget_files(
    root: Path, config: Config, column: str, subject: str, rows: pl.DataFrame
) -> list[str]:
    """Rewrite the files that hold the person; returns a sentence for each copy that stays.

    The main file is first: where only a joined file names persons, its rows are found by that one.
    """
    main, left = config.data.file, []
    for name in (main, *config.data.files.values()):
        for path in dict.fromkeys([root / name, root / ORIGINAL / Path(name).name]):
            if not path.is_file():
                continue
            gone = _rows_in(path, column, subject)
            if gone is None:
                gone = set(rows[ROW]) if name == main else set()
            if path.resolve().is_relative_to(root.resolve()):
                rewrite(path, gone)
            elif gone:
                left.append(f"{path}: outside of the project; delete '{subject}' there")
            if git(root, "log", "--all", "-S", subject, "--format=%h", "--", str(path)):
                left.append(f"{path}: git keeps what it held; see `git filter-repo`")
    return left


def _rows_in(path: Path, column: str, subject: str) -> set[int] | None:
    """Numbers of the person's rows; None where the file has no such column."""
    table = read_table(path, str(path))
    if column not in table.columns:
        return None
    return set(table.filter(as_text(pl.col(column)) == subject)[ROW])


def rewrite(path: Path, gone: Set[int]) -> None:
    """Replace a file by its other rows; the bytes of the other lines of a CSV stay.

    gone: numbers of rows, 1 is the first.
    """
    if not gone:
        return
    if path.suffix.lower() in PARQUET:
        return keep_rows(path, ~number_rows(pl.read_parquet(path))[ROW].is_in(list(gone)))
    mode = path.stat().st_mode
    with replacing(path) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(text for number, text in enumerate(_lines(path)) if number not in gone)
        temporary.chmod(mode)


def _lines(path: Path) -> Iterator[str]:
    """The text of each row as it is in a CSV; a quoted cell may have several lines."""
    csv.field_size_limit(CELL_BYTES)
    _, separator = read_header(path, str(path))
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(lines(), delimiter=separator):
            yield "".join(taken)
            taken.clear()


def keep_rows(path: Path, kept: pl.Expr | pl.Series) -> None:
    """Replace a Parquet file by the rows that are kept, with its permissions."""
    table, mode = pl.read_parquet(path).filter(kept), path.stat().st_mode
    with replacing(path) as temporary:
        table.write_parquet(temporary, compression="zstd")
        temporary.chmod(mode)


def forget_background(root: Path, rows: pl.DataFrame) -> None:
    """Delete the person's rows from those that versions keep of their training."""
    for number in numbers(root):
        folder = resolve(root, str(number))
        schema = Schema.model_validate(store.read_description(folder)["schema"])
        if not len(rows) or not set(schema.columns) <= set(rows.columns):
            continue
        kept = pl.read_parquet(folder / BACKGROUND)
        columns = [name for name in schema.columns if name in kept.columns]
        theirs = schema.parse(rows).select(columns)
        gone = kept.join(theirs, on=columns, how="semi", nulls_equal=True)[ROW].implode()
        if len(gone[0]):
            keep_rows(folder / PREDICTIONS, ~pl.col("row").is_in(gone))
            keep_rows(folder / BACKGROUND, ~pl.col(ROW).is_in(gone))
            log("", f"{len(gone[0])} background rows of version {number}; sign it again")


def forget_quarantine(root: Path, subject: str) -> None:
    """Delete what names the person; the rows that `prepare` refused are written anew by it."""
    (root / QUARANTINE / "prepare.json").unlink(missing_ok=True)
    for path in (root / QUARANTINE).glob("*.json"):
        cells = read_json(path)
        theirs = {one[ROW] for one in cells if str(one["value"]).removesuffix(".0") == subject}
        if theirs:
            write_json(path, [one for one in cells if one[ROW] not in theirs])
