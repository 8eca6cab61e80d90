"""Open a CSV or Parquet file as a table of cells that nobody has interpreted yet."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import polars as pl

from ..utils.logs import say

# Cells that mean "not known". Anything else that is not a number makes a column text.
NULLS = ("", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None")
SEPARATORS = ",;\t|"
# Longer cells are refused by the csv module's default of 128 KiB; a text column may be long.
CELL_BYTES = 1 << 24

ROW = "_row"  # the row's number in its file, 1 for the first below the header
# A part carries ROW as a column of its own. Read as a file, that is a name and no feature.
CAME_AS = "_row as it came"
COUNTED = "_row as counted"


@dataclass(frozen=True)
class Source:
    """A file opened for reading: `rows` holds its columns and ROW; nothing is in memory yet.

    shown: the name for messages. columns: without ROW, also where the file has a column of that
    name; `rows` then holds it as CAME_AS. decimal_comma: numbers may be written 3,14.
    """

    shown: str
    rows: pl.LazyFrame
    columns: tuple[str, ...]
    decimal_comma: bool = False


def open_source(path: Path, shown: str) -> Source:
    """Open by the file's ending; raises ValueError where it cannot be a table."""
    if not path.is_file():
        raise ValueError(f"{shown}: no such file")
    if path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(path, shown)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _csv(path, shown)
    raise ValueError(f"{shown}: cannot read '{path.suffix}' files; save it as .csv or .parquet")


def _parquet(path: Path, shown: str) -> Source:
    try:
        schema = pl.scan_parquet(path).collect_schema()
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{shown}: not a Parquet file: {_first_line(error)}") from error
    _refuse_header(shown, list(schema))
    odd = [name for name, kind in schema.items() if _is_odd(kind)]
    for name in odd:
        say("", f"left out {name}: no model here reads {schema[name]} cells")
    texts = [name for name, kind in schema.items() if _is_text(kind)]
    spans = [pl.col(name).dt.total_seconds() for name, kind in schema.items() if _is_span(kind)]
    # Counted first, on a scan whose schema nobody asked for: a slice then reads its rows alone.
    rows = pl.scan_parquet(path).with_row_index(COUNTED, offset=1)
    rows = rows.drop(odd).with_columns(*trimmed(texts), *spans)
    rows = rows.rename({ROW: CAME_AS, COUNTED: ROW}, strict=False)
    return Source(shown, rows, tuple(name for name in schema if name not in (*odd, ROW)))


def _is_text(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.String | pl.Categorical | pl.Enum)


def _is_span(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Duration)


def _is_odd(kind: pl.DataType) -> bool:
    return kind.is_nested() or isinstance(kind, pl.Binary | pl.Time | pl.Object)


def _csv(path: Path, shown: str) -> Source:
    header, separator = read_header(path, shown)
    _refuse_ragged(path, shown, len(header), separator)
    columns = tuple(name for name in header if name != ROW)
    header = [CAME_AS if name == ROW else name for name in header]
    rows = pl.scan_csv(
        path,
        separator=separator,
        infer_schema=False,
        has_header=False,
        skip_rows=0,
        new_columns=header,
    )
    rows = rows.with_row_index(ROW).filter(pl.col(ROW) > 0).with_columns(trimmed(header))
    return Source(shown, rows, columns, decimal_comma=separator != ",")


def filled(columns: Sequence[str]) -> pl.Expr:
    """Whether a row holds anything: an empty line in the file does not."""
    return ~pl.all_horizontal(pl.col(name).is_null() for name in columns)


def trimmed(names: Sequence[str]) -> list[pl.Expr]:
    """Text cells without outer blanks, null where they say so."""
    cells = [pl.col(name).cast(pl.String).str.strip_chars() for name in names]
    return [pl.when(cell.is_in(NULLS)).then(None).otherwise(cell).name.keep() for cell in cells]


def read_header(path: Path, shown: str) -> tuple[list[str], str]:
    """The names in a CSV's first line and what separates them; raises ValueError by name."""
    with _opened(path, shown) as file:
        first = file.readline()
        separator = max(SEPARATORS, key=first.count)
        file.seek(0)
        header = [name.strip() for name in next(csv.reader(file, delimiter=separator), [])]
        _refuse_header(shown, header)
    return header, separator


def _refuse_ragged(path: Path, shown: str, n_cells: int, separator: str) -> None:
    """Raise ValueError with the first line that does not fit the header."""
    with _opened(path, shown) as file:
        lines = csv.reader(file, delimiter=separator)
        for cells in lines:
            if len(cells) != n_cells and cells:
                raise ValueError(
                    f"{shown} line {lines.line_num}: {len(cells)} cells where the header names "
                    f"{n_cells}; quote a cell that holds '{separator}'"
                )


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[TextIO]:
    csv.field_size_limit(CELL_BYTES)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{shown}: byte {error.object[error.start]:#04x} is not UTF-8; "
            f"save the file as UTF-8 (`iconv -f latin1 -t utf-8`)"
        ) from error
    except csv.Error as error:
        raise ValueError(f"{shown}: not valid CSV: {error}") from error


def _refuse_header(shown: str, names: list[str]) -> None:
    if not names:
        raise ValueError(f"{shown}: empty; the first line must name the columns")
    if empty := [str(place) for place, name in enumerate(names, start=1) if not name]:
        raise ValueError(f"{shown}: column {', '.join(empty)} has no name; name it in the header")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{shown}: two columns are called '{twice[0]}'; rename one")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
