"""Cut a CSV into blocks of whole records, and read a block as cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...dataloader.read import CELL_BYTES, NULLS, filled, trimmed
from . import records

BOM = b"\xef\xbb\xbf"
# The column of a cell that is no number, as polars names it; another wording costs time alone.
BLAMED = re.compile(r"at column '(.*)' \(column number")
MAX_TRIES = 4
QUOTES = "quote a cell that holds a quote, and double the quote in it"


@dataclass(frozen=True)
class Form:
    """How a CSV is written. numbers: columns whose cells are nothing but plain numbers."""

    shown: str
    header: tuple[str, ...]
    separator: str
    numbers: frozenset[str]


@dataclass(frozen=True)
class Records:
    """The records of a block: those that fit the header, and those with too many or few cells.

    place: of each row of `cells`, counted from 0 in the block. ragged: place and number of cells.
    n: all records, blank ones too. n_empty: those without a value.
    """

    cells: pl.DataFrame
    place: NDArray[np.int64]
    ragged: list[tuple[int, int]]
    n: int
    n_empty: int


def first_record(file: BinaryIO) -> int:
    """The byte at which the record after the header begins."""
    file.seek(0)
    start = len(BOM) if file.read(len(BOM)) == BOM else 0
    file.seek(start)
    data = file.read(1 << 16)
    while (ends := records.record_ends(data))[:1].size == 0:
        more = file.read(1 << 16)
        if not more:
            return start + len(data)
        data += more
    return start + int(ends[0]) + 1


def take(file: BinaryIO, start: int, size_bytes: int, form: Form) -> bytes:
    """About `size_bytes` from `start`, up to the end of a record; empty at the end of the file.

    Raises ValueError where a quote is opened and nothing closes it: a cell would have no end.
    """
    file.seek(start + size_bytes)
    length = size_bytes + len(file.readline(CELL_BYTES))
    while True:
        # Read in one piece: joined or cut, a block would be copied, which takes time each time.
        file.seek(start)
        data = file.read(length)
        if len(data) < length:
            return data
        if n_whole := records.n_whole(data):
            return data if n_whole == len(data) else data[:n_whole]
        if length > size_bytes + CELL_BYTES:
            raise ValueError(
                f"{form.shown}: a record that begins after byte {start} does not end within "
                f"{length >> 20} MiB; {QUOTES}"
            )
        length += size_bytes


def read(data: bytes, wanted: Sequence[str], form: Form) -> Records:
    """The wanted cells of a block; columns of numbers as floats where every cell is one."""
    # Words for "not known" are looked for where needed alone: it makes reading a third slower.
    for nulls, n_tries in (((), 1), (NULLS, MAX_TRIES)):
        cells = _parsed(data, form, nulls, n_tries)
        if cells is not None and _all_fit(data, len(cells), form):
            cells = cells.select(wanted)
            if not any_empty(cells):
                return Records(cells, np.arange(len(cells)), [], len(cells), 0)
    return _careful(data, wanted, form)


def _parsed(data: bytes, form: Form, nulls: Sequence[str], n_tries: int) -> pl.DataFrame | None:
    """All columns; those of numbers as floats, but for a few that hold something else as well.

    None where that does not go: whatever is odd is left to those who read text alone, so that
    there is one place which judges it.
    """
    numbers = set(form.numbers)
    for _ in range(n_tries):
        try:
            cells = _parse(data, form, numbers, nulls)
        except pl.exceptions.PolarsError as error:
            if (blamed := BLAMED.search(str(error))) and blamed[1] in numbers:
                numbers.remove(blamed[1])
                continue
            return None
        if numbers and cells.select(pl.col(numbers).is_nan().any()).sum_horizontal().item():
            return None  # written in a way that NULLS does not know
        return cells.with_columns(*trimmed([name for name in form.header if name not in numbers]))
    return None


def _careful(data: bytes, wanted: Sequence[str], form: Form) -> Records:
    """The same, record by record."""
    if data.count(b'"') % 2:
        raise ValueError(f"{form.shown}: a quote is opened and never closed; {QUOTES}")
    ends = records.all_ends(data)
    starts = np.concatenate([[0], ends[:-1] + 1])
    n_cells = records.n_cells(data, form.separator, ends)
    blank = records.blank(data, starts, ends)
    fits = (n_cells == len(form.header)) & ~blank
    cells = _cells(records.kept(data, starts, ends, fits), form, int(fits.sum()))
    holds = cells.select(filled(form.header)).to_series().to_numpy()
    wrong = np.flatnonzero(~fits & ~blank)
    return Records(
        cells=cells.filter(pl.Series(holds)).select(wanted),
        place=np.flatnonzero(fits)[holds],
        ragged=[(int(place), int(n_cells[place])) for place in wrong],
        n=len(ends),
        n_empty=int(blank.sum() + (~holds).sum()),
    )


def any_empty(cells: pl.DataFrame) -> bool:
    """Whether some row holds nothing."""
    counts = cells.null_count()
    if not cells.width or not min(counts.row(0)):
        return False
    return bool(cells.select(pl.all_horizontal(pl.all().is_null()).any()).item())


def _cells(data: bytes, form: Form, n_rows: int) -> pl.DataFrame:
    if not n_rows:
        return pl.DataFrame(schema=dict.fromkeys(form.header, pl.String))
    cells = _parsed(data, form, NULLS, MAX_TRIES)
    if cells is None:
        try:
            cells = _parse(data, form).with_columns(*trimmed(form.header))
        except pl.exceptions.PolarsError as error:
            raise ValueError(f"{form.shown}: {_not_readable(data, error)}") from error
    if len(cells) != n_rows:
        raise ValueError(f"{form.shown}: a quote stands inside a cell that is not quoted; {QUOTES}")
    return cells


def _parse(
    data: bytes, form: Form, numbers: Collection[str] = (), nulls: Sequence[str] = ()
) -> pl.DataFrame:
    schema = {name: pl.Float64() if name in numbers else pl.String() for name in form.header}
    # All columns: where only some are read, a record with more cells does not stop the parser.
    return pl.read_csv(
        data,
        has_header=False,
        separator=form.separator,
        schema=schema,
        null_values=list(nulls) or None,
    )


def _not_readable(data: bytes, error: Exception) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return (
            f"byte {wrong.object[wrong.start]:#04x} is not UTF-8; save the file as UTF-8 "
            f"(`iconv -f latin1 -t utf-8`)"
        )
    return f"not valid CSV: {str(error).partition(chr(10))[0]}"


def _all_fit(data: bytes, n_rows: int, form: Form) -> bool:
    """Whether none of the parsed records has fewer cells than the header; none has more."""
    if b'"' not in data:
        return data.count(form.separator.encode()) == n_rows * (len(form.header) - 1)
    n_cells = records.n_cells(data, form.separator, records.all_ends(data))
    return bool((n_cells == len(form.header)).all())
