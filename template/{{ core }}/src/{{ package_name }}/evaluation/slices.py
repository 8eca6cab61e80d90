"""The metric on groups of rows: where is the model worse than its average?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..utils.predictions import Array, Predictions
from .intervals import Interval, bootstrap
from .metrics import Metric

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
    bootstrap_options["n_resamples"] = min(bootstrap_options["n_resamples"], MAX_DRAWS)
    entries: list[dict[str, Any]] = []
    for column in columns:
        for value, rows in groups(column):
            found: Interval = {"value": None, "low": None, "high": None}
            if len(rows) >= MIN_ROWS:
                found = bootstrap(metric, y_true[rows], predicted.take(rows), **bootstrap_options)
            entry = {"column": column.name, "value": value, "n_rows": len(rows), "metric": name}
            ends = {"low": found["low"], "high": found["high"]}
            entries.append({**entry, "value_of_metric": found["value"], **ends})
    sign = 1 if metric.greater_is_better else -1
    known = [entry for entry in entries if entry["value_of_metric"] is not None]
    known.sort(key=lambda entry: sign * entry["value_of_metric"])
    return known + [entry for entry in entries if entry["value_of_metric"] is None]


def groups(column: pl.Series) -> Iterator[tuple[str, Array]]:
    """(value, positions of its rows): numbers by quarters, dates by year, nulls on their own."""
    cells = column
    if column.dtype.is_temporal():
        cells = column.dt.year()
    elif column.dtype.is_numeric() and column.n_unique() > MAX_NUMBERS:
        quartiles = np.quantile(column.drop_nulls().to_numpy(), QUARTILES)
        cuts = np.unique([float(f"{quartile:.6g}") for quartile in quartiles])
        names = [f"up to {cut:.6g}" for cut in cuts] + [f"above {cuts[-1]:.6g}"]
        places = np.searchsorted(cuts, column.fill_null(np.nan).to_numpy())
        cells = pl.Series([names[min(place, len(cuts))] for place in places])
        cells = cells.set(column.is_null(), None)
    texts = cells.cast(pl.String).fill_null("(missing)")
    if texts.n_unique() <= MAX_VALUES:
        for value in texts.unique().sort().to_list():
            yield value, (texts == value).arg_true().to_numpy().astype(np.intp)
