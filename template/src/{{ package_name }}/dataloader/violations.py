"""Say which cells break a rule: file, row, column, what was seen."""

from collections.abc import Mapping, Sequence

import polars as pl

from .read import ROW

# After three rows of one kind the reader has understood.
MAX_SHOWN = 3


def cells(
    table: pl.DataFrame,
    wrong: pl.Series,
    column: str,
    demand: str,
    shown: str,
    *,
    max_shown: int = MAX_SHOWN,
) -> list[str]:
    """One sentence per wrong cell, at most `max_shown`; the last one counts the rest."""
    if not wrong.any():
        return []
    rows = table.filter(wrong).select(ROW, column)
    sentences = [
        f"{shown} row {row}: {column} must be {demand}, got {as_written(value)}"
        for row, value in rows.head(max_shown).iter_rows()
    ]
    if len(rows) > max_shown:
        sentences[-1] += f" (and {len(rows) - max_shown} more rows)"
    return sentences


def as_written(value: object) -> str:
    """A cell as people write it: 2007 and not 2007.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "nothing" if value is None else str(value)


def not_finite(table: pl.DataFrame, columns: Sequence[str], shown: str) -> list[str]:
    """Infinite numbers: no scaler and no mean survives one."""
    # One query for all columns: nearly always there is nothing to find.
    bad = table.select(pl.col(columns).is_infinite().any()).rows()[0] if columns else ()
    found: list[str] = []
    for column in (name for name, is_bad in zip(columns, bad, strict=True) if is_bad):
        wrong = table[column].is_infinite().fill_null(False)
        found += cells(table, wrong, column, "finite", shown)
    return found


def out_of_range(
    table: pl.DataFrame, ranges: Mapping[str, Sequence[float]], shown: str
) -> list[str]:
    """Numbers outside what conf/default.yaml allows in data.ranges."""
    found: list[str] = []
    for column, (low, high) in ranges.items():
        if column in table.columns:
            wrong = ~table[column].is_between(low, high).fill_null(True)
            found += cells(table, wrong, column, f"in [{low:g}, {high:g}]", shown)
    return found
