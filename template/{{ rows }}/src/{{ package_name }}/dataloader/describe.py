"""Describe the cells of a column in a few numbers."""

from typing import Any

import polars as pl

N_TOP = 5


def describe(cells: pl.Series, kind: str) -> dict[str, Any]:
    """name, type, nulls, distinct, min, median, max and the commonest values; JSON content."""
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
