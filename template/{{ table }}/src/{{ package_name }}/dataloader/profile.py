"""Describe each column, name those that no model can learn from, and what looks wrong."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from ..configs.settings import Data
from ..utils.suspects import Suspect
from .column_types import TEXT_SHARE
from .schema import Schema
from .sources import ROW
from .suspects.cells import dirty_numbers
from .suspects.columns import constants, identical
from .suspects.dates import mixed_dates
from .suspects.groups import groups
from .suspects.rows import duplicates, near_copies
from .suspects.shifts import levels
from .suspects.values import sentinels

N_TOP = 5


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
    return [_describe(table[name], column.type) for name, column in schema.columns.items()]


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


def _describe(cells: pl.Series, kind: str) -> dict[str, Any]:
    counts = cells.alias("cell").drop_nulls().value_counts()
    # Of equally common values the lower, so that the file is the same each time.
    order = ["count", "cell"]
    top = counts.top_k(N_TOP, by=order, reverse=[False, True])
    top = top.sort(order, descending=[True, False])
    ordered = kind in ("number", "date")
    return {
        "name": cells.name,
        "type": kind,
        "nulls": cells.null_count(),
        "distinct": len(counts),
        "min": _plain(cells.min()) if ordered else None,
        "median": _plain(cells.median()) if ordered else None,
        "max": _plain(cells.max()) if ordered else None,
        "top": [{"value": _plain(v), "rows": n} for v, n in top.iter_rows()],
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
