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
# A number with more values is cut at its quartiles.
MAX_NUMBERS, QUARTILES = 4, (0.25, 0.5, 0.75)


def score_slices(
    name: str,
    metric: Metric,
    columns: list[pl.Series],
    y_true: Array,
    predicted: Predictions,
    **bootstrap_options: Any,
) -> list[dict[str, Any]]:
    """One entry per value of each column, the worst first; see `groups`.

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
    """(value, positions of its rows): numbers by quarters, dates by year, nulls on their own."""
    cells = column
    if column.dtype.is_temporal():
        cells = column.dt.year()
    elif column.dtype.is_numeric() and column.n_unique() > MAX_NUMBERS:
        cuts = np.unique(np.quantile(column.drop_nulls().to_numpy(), QUARTILES))
        names = [f"up to {cut:.6g}" for cut in cuts] + [f"above {cuts[-1]:.6g}"]
        places = np.searchsorted(cuts, column.fill_null(np.nan).to_numpy())
        cells = pl.Series([names[min(place, len(cuts))] for place in places])
        cells = cells.set(column.is_null(), None)
    texts = cells.cast(pl.String).fill_null("(missing)")
    if texts.n_unique() <= MAX_VALUES:
        for value in texts.unique().sort().to_list():
            yield value, (texts == value).arg_true().to_numpy().astype(np.intp)
