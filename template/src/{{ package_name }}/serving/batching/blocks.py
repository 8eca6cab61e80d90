"""The rows of a file, block by block, from any place where a block began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...dataloader.contract import Column
from ...dataloader.read import CAME_AS, ROW, filled, open_source, read_header
from . import csv_blocks
from .csv_blocks import Form
from .row_groups import row_groups

CELL_BYTES = 8
# A row group that is read in several slices is decoded in part each time: fewer are better.
SLICE_BLOCKS = 2


@dataclass(frozen=True)
class Place:
    """Where a block begins: the number of its first row, and in a CSV its first byte."""

    row: int = 1
    byte: int = 0


@dataclass(frozen=True)
class Block:
    """cells: ROW and the wanted columns. ragged: row and number of cells of records that do not
    fit the header. n_rows: those that hold anything, ragged ones too. after: the next block."""

    cells: pl.DataFrame
    ragged: list[tuple[int, int]]
    n_rows: int
    start: Place
    after: Place


class CsvFile:
    """A CSV; block_bytes: how much of it is in memory at once."""

    def __init__(self, path: Path, shown: str, columns: Sequence[Column], block_bytes: int) -> None:
        header, separator = read_header(path, shown)
        names = tuple(CAME_AS if name == ROW else name for name in header)
        plain = frozenset(c.name for c in columns if c.kind == "numeric" and not c.decimal_comma)
        self.path, self.block_bytes = path, block_bytes
        self.columns = tuple(name for name in header if name != ROW)
        self.n_cells = len(header)
        self._form = Form(shown, names, separator, plain)

    def blocks(self, wanted: Sequence[str], start: Place) -> Iterator[Block]:
        """The blocks from `start` on."""
        with self.path.open("rb") as file:
            if not start.byte:
                start = Place(start.row, csv_blocks.first_record(file))
            while data := csv_blocks.take(file, start.byte, self.block_bytes, self._form):
                found = csv_blocks.read(data, wanted, self._form)
                after = Place(start.row + found.n, start.byte + len(data))
                numbers = pl.Series(ROW, found.place + start.row, dtype=pl.Int64)
                ragged = [(start.row + place, n_cells) for place, n_cells in found.ragged]
                cells = found.cells.insert_column(0, numbers)
                yield Block(cells, ragged, found.n - found.n_empty, start, after)
                start = after


class ParquetFile:
    """A Parquet file; block_bytes: how much of it, as numbers, is in memory at once."""

    n_cells = 0  # no row of a Parquet file has other columns than the rest

    def __init__(self, path: Path, shown: str, columns: Sequence[Column], block_bytes: int) -> None:
        self._source = open_source(path, shown)
        self.columns = self._source.columns
        row_bytes = CELL_BYTES * max(1, len(columns))
        most = max(1, SLICE_BLOCKS * block_bytes // row_bytes)
        n_rows = int(self._source.rows.select(pl.len()).collect().item())
        groups = row_groups(path) or [n_rows]
        self._ends = _ends(groups if sum(groups) == n_rows else [n_rows], most)

    def blocks(self, wanted: Sequence[str], start: Place) -> Iterator[Block]:
        """The blocks from `start` on; each is read on its own, which keeps memory flat."""
        first = start.row
        for end in (end for end in self._ends if end >= first):
            rows = self._source.rows.slice(first - 1, end + 1 - first)
            cells = rows.select(ROW, *wanted).collect()
            if csv_blocks.any_empty(cells.drop(ROW)):
                # Only now: other columns are read for nothing where no row is in doubt.
                cells = rows.filter(filled(self.columns)).select(ROW, *wanted).collect()
            cells = cells.with_columns(pl.col(ROW).cast(pl.Int64))
            yield Block(cells, [], len(cells), Place(first), Place(end + 1))
            first = end + 1


def _ends(groups: Sequence[int], most: int) -> list[int]:
    """The last row of each block: of whole row groups, as many as fit, or of a part of one."""
    ends, first, last = list[int](), 0, 0
    for n_rows in groups:
        if last > first and last + n_rows - first > most:
            ends.append(last)
            first = last
        last += n_rows
        while last - first > most:
            n_left = last - first
            first += -(-n_left // -(-n_left // most))
            ends.append(first)
    return [*ends, last] if last > first else ends


def open_file(
    path: Path, shown: str, columns: Sequence[Column], block_bytes: int
) -> CsvFile | ParquetFile:
    """Open by the file's ending; raises ValueError where it cannot be a table."""
    if path.is_file() and path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return CsvFile(path, shown, columns, block_bytes)
    return ParquetFile(path, shown, columns, block_bytes)
