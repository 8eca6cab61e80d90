"""The metric on groups of rows: where is the model worse than its average?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..utils.predictions import Predictions
from .intervals import bootstrap
from .metrics import Metric

Array = NDArray[Any]
# A column with more values is not a way to group rows.
MAX_VALUES = 20
MIN_ROWS = 10
MAX_DRAWS = 100
QUARTILES = (0.25, 0.5, 0.75)


def score_slices(
    name: str,
    metric: Metric,
    columns: list[pl.Series],
    y_true: Array,
    predicted: Predictions,
    **bootstrap_options: Any,
) -> list[dict[str, Any]]:
    """One entry per value of each column, the worst first; numbers and dates by quartiles.

    A group of fewer than MIN_ROWS rows, or without a defined metric, has None as its value.
    """
    entries = []
    n_resamples = min(bootstrap_options["n_resamples"], MAX_DRAWS)
    options = {**bootstrap_options, "n_resamples": n_resamples}
    for column in columns:
        for value, rows in groups(column):
            found: dict[str, float | None] = {"value": None, "low": None, "high": None}
            if len(rows) >= MIN_ROWS:
                found = bootstrap(metric, y_true[rows], predicted.take(rows), **options)
            place = {"column": column.name, "value": value, "n_rows": len(rows), "metric": name}
            ends = {"low": found["low"], "high": found["high"]}
            entries.append({**place, "value_of_metric": found["value"], **ends})
    sign = 1 if metric.greater_is_better else -1
    return sorted(entries, key=lambda e: _sort_key(e["value_of_metric"], sign))


def _sort_key(value: float | None, sign: int) -> float:
    return float("inf") if value is None else sign * value


def groups(column: pl.Series) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """(value, positions of its rows) for each value of a column; nulls are a group of their own."""
    names = column
    if (column.dtype.is_numeric() or column.dtype.is_temporal()) and column.n_unique() > 4:
        cuts = [column.quantile(q, "lower") for q in QUARTILES] if column.dtype.is_numeric() else []
        if not cuts:
            ordered = column.drop_nulls().sort()
            cuts = [ordered[int(len(ordered) * q)] for q in QUARTILES]
        names = _quartile_names(column, cuts)
    texts = names.cast(pl.String).fill_null("(missing)")
    if texts.n_unique() > MAX_VALUES:
        return
    for value in texts.unique().sort().to_list():
        yield value, (texts == value).arg_true().to_numpy().astype(np.intp)


def _quartile_names(column: pl.Series, cuts: list[Any]) -> pl.Series:
    low, middle, high = (pl.lit(cut, dtype=column.dtype) for cut in cuts)
    cells = pl.col(column.name)
    a, b, c = (f"{cut:.6g}" if isinstance(cut, float) else str(cut) for cut in cuts)
    name = (
        pl.when(cells.is_null()).then(None)
        .when(cells <= low).then(pl.lit(f"up to {a}"))
        .when(cells <= middle).then(pl.lit(f"above {a} to {b}"))
        .when(cells <= high).then(pl.lit(f"above {b} to {c}"))
        .otherwise(pl.lit(f"above {c}"))
    )  # fmt: skip
    return pl.DataFrame([column]).select(name.alias(column.name)).to_series()
