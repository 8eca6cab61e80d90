"""Describe each column, name those that no model can learn from, and what looks wrong."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from ..configs.settings import Data
from ..utils.suspects import Suspect
from .column_types import TEXT_SHARE
from .describe import describe
from .schema import Schema
from .sources import ROW
from .suspects.cells import dirty_numbers
from .suspects.columns import constants, identical
from .suspects.dates import mixed_dates
from .suspects.groups import groups
from .suspects.rows import duplicates, near_copies
from .suspects.shifts import levels
from .suspects.values import sentinels


def find_suspects(
    raw: pl.DataFrame, table: pl.DataFrame, part: pl.Series, schema: Schema, data: Data
) -> Iterator[Suspect]:
    """What looks wrong, whatever the target's relation to the features is.

    raw: the cells as they are in the files. table: typed rows. part: of each row of the table.
    """
    ignored = {ROW, data.id, *data.ignore}
    kept = [name for name in schema.columns if name not in ignored]
    unreadable = [
        *dirty_numbers(raw[kept], schema.select(kept)),
        *mixed_dates(raw[kept], schema.select(kept)),
    ]
    yield from unreadable
    odd = {name for one in unreadable for name in one.columns}
    rows = table[[name for name in kept if name not in odd]]
    features = [name for name in rows.columns if name != data.target]
    yield from sentinels(rows)
    yield from constants(rows[features], rows.filter(part == "train")[features])
    yield from identical(rows[features])
    if data.duplicates == "keep":
        yield from duplicates(table[kept], data.target)
    if data.split.by != "group":
        found = [*groups(rows, data.target)]
        yield from found or near_copies(rows)
    yield from levels(rows)
    times = data.split.column if data.split.by == "time" else None
    if times in kept and not rows[times].is_sorted():
        yield from levels(rows, times)


def profile(table: pl.DataFrame, schema: Schema) -> list[dict[str, Any]]:
    """For each column: name, type, nulls, distinct, min, median, max and the commonest values.

    table: typed rows. JSON content, written to reports/profile.json.
    """
    return [describe(table[name], column.type) for name, column in schema.columns.items()]


def excluded_columns(table: pl.DataFrame, schema: Schema) -> dict[str, str]:
    """Column name -> why no model can learn from it."""
    reasons = {name: _useless(table[name], c.type) for name, c in schema.columns.items()}
    return {name: reason for name, reason in reasons.items() if reason}


def _useless(cells: pl.Series, kind: str) -> str | None:
    values = cells.drop_nulls()
    if not len(values):
        return "it is empty"
    if len(values) == len(cells) and (values == values[0]).all():
        return "every row holds the same value"
    if kind == "text" and values.n_unique() > TEXT_SHARE * len(values):
        return "nearly every row holds another text"
    is_full = len(values) == len(cells) > 2
    if kind == "number" and is_full and (values.diff().drop_nulls() == 1).all():
        return "it numbers the rows"
    return None
