"""Read the data files, and join them into one table."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from ..configs.settings import Data
from ..utils.logs import log
from .examples import to_examples

MAIN = "main"  # the name of data.file among the tables
ORIGINAL = Path("data", "original")
ROW = "_row"  # the row's number in data.file, 1 for the first below the header
# Cells that mean "not known". Anything else that is not a number makes a column text.
NULLS = ("", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None")
SEPARATORS = ",;\t|"
PARQUET = (".parquet", ".pq")
# The csv module refuses cells above 128 KiB; a text column may hold longer ones.
CELL_BYTES = 1 << 24


def join(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One table from `data.file` (tables["main"]) and `data.files` (by their names).

    Cells of CSV files are text here, null where empty; types are inferred after this function.
    Called wherever a file is read: prepare, predict, batch. Every row of main stays one row.
    """
    return tables[MAIN]


def load(data: Data, root: Path, main: Path | None = None) -> pl.DataFrame:
    """All rows as they are in the files, joined, with ROW.

    main: another file in place of `data.file`, for `predict`; where it holds the joined columns
    already, as the parts do, nothing is joined. Raises ValueError by file, line and column.
    """
    table = read_table(main or find_file(root, data.file), data.file if main is None else str(main))
    joined = join_others(table, read_others(data, root))
    return to_examples(joined, data, to_predict=main is not None)


def read_others(data: Data, root: Path) -> dict[str, pl.DataFrame]:
    """The tables of `data.files`, by name."""
    paths = {name: find_file(root, path) for name, path in data.files.items()}
    return {name: read_table(path, str(path)).drop(ROW) for name, path in paths.items()}


def join_others(table: pl.DataFrame, others: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """`table` joined with the tables of `read_others`, unless it has their columns already."""
    if all(set(other.columns) <= set(table.columns) for other in others.values()):
        return table
    try:
        joined = join({MAIN: table, **others})
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"dataloader/sources.py: join: {_first_line(error)}") from error
    if joined[ROW].n_unique() != len(joined) or len(joined) != len(table):
        raise ValueError(
            f"dataloader/sources.py: join made {len(joined)} rows of {len(table)}; the key must "
            f"name one row of the other file, and rows without a partner must stay (how='left')"
        )
    return joined.sort(ROW)


def find_file(root: Path, name: str) -> Path:
    """The path of a file that conf/default.yaml names: where it says, or its copy in ORIGINAL."""
    for path in (root / name, root / ORIGINAL / Path(name).name):
        if path.is_file():
            return path
    where = "the path is relative to the project folder"
    raise ValueError(f"conf/default.yaml: data.file: no such file: '{name}'; {where}")


def read_table(path: Path, shown: str) -> pl.DataFrame:
    """All cells of a CSV or Parquet file with ROW; raises ValueError where it is not a table."""
    try:
        table = number_rows(trim(scan_table(path, shown)).collect())
    except pl.exceptions.PolarsError as error:
        check_lengths(path, shown)
        raise ValueError(f"{shown}: {_first_line(error)}") from error
    # polars fills a line that is too short with nulls.
    if path.suffix.lower() not in PARQUET and table[:, -1].null_count():
        check_lengths(path, shown)
    return drop_empty_rows(table)


def number_rows(table: pl.DataFrame, first: int = 1) -> pl.DataFrame:
    """`table` with ROW, from `first` on; a part keeps the numbers of the file it was cut from."""
    return table if ROW in table.columns else table.with_row_index(ROW, offset=first)


def trim(rows: pl.LazyFrame, names: Sequence[str] | None = None) -> pl.LazyFrame:
    """Text cells without outer blanks, null where they mean "not known".

    names: of the columns to trim, all by default; batch trims only those where it matters.
    """
    types = rows.select(names or pl.all()).collect_schema()
    texts = [name for name, dtype in types.items() if dtype in (pl.String, pl.Categorical)]
    cells = pl.col(texts)
    rows = rows.with_columns(cells.cast(pl.String).str.strip_chars())
    return rows.with_columns(pl.when(~cells.is_in(NULLS)).then(cells))


def drop_empty_rows(table: pl.DataFrame) -> pl.DataFrame:
    """The rows that have a value beside ROW."""
    return table.filter(pl.any_horizontal(pl.all().exclude(ROW).is_not_null()))


def scan_table(path: Path, shown: str, numbers: Sequence[str] = ()) -> pl.LazyFrame:
    """The rows of a file, not yet in memory: not trimmed, empty and short lines included.

    ROW is missing where a Parquet file lacks it: polars would hold twice as many rows in memory.
    numbers: columns of a CSV file to read as such and not as text; collecting raises PolarsError
    where a cell is none.
    """
    if path.is_dir():
        raise ValueError(f"{shown}: a folder; write a CSV with a row for each of its files")
    if not path.is_file():
        raise ValueError(f"{shown}: no such file")
    if path.suffix.lower() in PARQUET:
        return _scan_parquet(path, shown)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _scan_csv(path, shown, numbers)
    raise ValueError(f"{shown}: cannot read '{path.suffix}' files; save it as .csv or .parquet")


def _scan_parquet(path: Path, shown: str) -> pl.LazyFrame:
    try:
        schema = pl.scan_parquet(path).collect_schema()
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{shown}: not a Parquet file: {_first_line(error)}") from error
    other, lists = (pl.Binary, pl.Time, pl.Object), pl.List(pl.Float64)
    kinds = {name: d for name, d in schema.items() if d != lists}
    unusable = [name for name, d in kinds.items() if d.is_nested() or d in other]
    for name in unusable:
        log("", f"excluded {name}: {schema[name]} cells cannot be used")
    spans = [pl.col(name).dt.total_seconds() for name, d in schema.items() if d == pl.Duration]
    return pl.scan_parquet(path).drop(unusable).with_columns(spans)


def _scan_csv(path: Path, shown: str, numbers: Sequence[str]) -> pl.LazyFrame:
    header, separator = read_header(path, shown)
    names = [f"{ROW} of the file" if name == ROW else name for name in header]
    rows = pl.scan_csv(
        path,
        separator=separator,
        with_column_names=lambda _: names,
        infer_schema=False,
        schema_overrides=dict.fromkeys(numbers, pl.Float64),
        null_values=list(NULLS),
        row_index_name=ROW,
        row_index_offset=1,
    )
    kept = [name for name in header if name != ROW]
    return rows.select(ROW, *kept)


def read_header(path: Path, shown: str) -> tuple[list[str], str]:
    """Column names and separator of a CSV file; raises ValueError where names are unusable."""
    _, first, separator = next(_csv_lines(path, shown), (1, [], ","))
    header = [name.strip() for name in first]
    if not header:
        raise ValueError(f"{shown}: empty; the first line must name the columns")
    if "" in header:
        raise ValueError(f"{shown}: column {header.index('') + 1} has no name; add one")
    if twice := [name for name in header if header.count(name) > 1]:
        raise ValueError(f"{shown}: two columns are called '{twice[0]}'; rename one")
    return header, separator


def check_lengths(path: Path, shown: str) -> None:
    """Raise ValueError with the first line that has more or fewer cells than the header."""
    n_columns = len(read_header(path, shown)[0])
    for number, cells, separator in _csv_lines(path, shown):
        if len(cells) != n_columns and cells:
            raise ValueError(
                f"{shown} line {number}: {len(cells)} cells where the header names {n_columns}; "
                f"quote a cell that holds '{separator}'"
            )


def _csv_lines(path: Path, shown: str) -> Iterator[tuple[int, list[str], str]]:
    """(number, cells, separator) of each line; the separator is the commonest of the first one."""
    csv.field_size_limit(CELL_BYTES)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = max(SEPARATORS, key=file.readline().count)
            file.seek(0)
            lines = csv.reader(file, delimiter=separator)
            for cells in lines:
                yield lines.line_num, cells, separator
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{shown}: byte {error.object[error.start]:#04x} is not UTF-8; save the file as "
            f"UTF-8 (`iconv -f latin1 -t utf-8`)"
        ) from error
    except csv.Error as error:
        raise ValueError(f"{shown}: not valid CSV: {error}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
