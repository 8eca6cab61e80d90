"""Give every column its type, and drop unusable rows with a count of each reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from ..configs.schema import Data
from . import violations
from .kinds import Reading, read, recognise
from .read import ROW, Source, filled


@dataclass
class Table:
    """Typed rows with ROW, how each column was read, and how many rows went for which reason."""

    rows: pl.DataFrame
    readings: dict[str, Reading]
    n_read: int
    dropped: dict[str, int] = field(default_factory=dict)

    def keep(self, rows: pl.DataFrame, reason: str) -> None:
        """Go on with fewer rows; the difference is counted under `reason`."""
        if len(rows) < len(self.rows):
            self.dropped[reason] = len(self.rows) - len(rows)
            self.rows = rows


def typed(source: Source, data: Data, task: str) -> Table:
    """All rows in memory, typed; without empty lines and rows whose target is not known.

    Raises ValueError if the target is not of the task's type.
    """
    raw, target = source.rows.collect(), data.target
    table = Table(raw, {}, len(raw))
    table.keep(raw.filter(filled(source.columns)), "empty line")
    table.keep(table.rows.filter(_known(table.rows[target])), "target missing")
    for name in source.columns:
        comma = source.decimal_comma
        table.readings[name] = recognise(table.rows[name], decimal_comma=comma)
    for name in _names_of_rows(data):
        table.readings[name] = Reading("text")
    table.readings[target] = _reading_of_target(table, target, task, source.shown)
    table.rows = table.rows.select(
        ROW, *(read(table.rows[name], how).alias(name) for name, how in table.readings.items())
    )
    return table


def drop_duplicates(table: Table, data: Data) -> None:
    """Keep the first of rows that are equal in every column that is not ignored."""
    table.keep(without_duplicates(table.rows, table.readings, data), "exact duplicate")


def without_duplicates(rows: pl.DataFrame, columns: Iterable[str], data: Data) -> pl.DataFrame:
    """The first of rows that are equal in every one of these columns that is not ignored."""
    ignored = set(data.ignore) - {data.id, data.target}
    compared = [name for name in columns if name not in ignored]
    return rows.unique(subset=compared, keep="first", maintain_order=True)


def _names_of_rows(data: Data) -> list[str]:
    """The id and the group column: names, whatever they look like.

    As numbers, long ones would run into one another, and all rows would be dealt anew on the day
    that the first name with a letter arrives.
    """
    group = data.split.column if data.split.by == "group" else None
    return [name for name in (data.id, group) if name is not None]


def _known(target: pl.Series) -> pl.Series:
    known = target.is_not_null()
    return known & target.is_not_nan() if target.dtype.is_float() else known


def _reading_of_target(table: Table, target: str, task: str, shown: str) -> Reading:
    found = table.readings[target]
    if task == "classification":
        return Reading("categorical")
    if found.kind == "numeric":
        return found
    wrong = read(table.rows[target], Reading("numeric")).is_null()
    demand = "a number (task: regression)"
    raise ValueError(*violations.cells(table.rows, wrong, target, demand, shown, max_shown=1))
