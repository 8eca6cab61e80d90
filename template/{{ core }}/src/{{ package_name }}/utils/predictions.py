"""One value a row: what a model predicts, and times as numbers."""

from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from numpy.typing import NDArray

Array = NDArray[Any]
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Predictions:
    """What a model predicts for rows, in their order.

    y_pred: shape (n_rows,); class codes, or numbers. y_score: probabilities, shape (n_rows,
    n_classes); None for regression. A code is the position in the model's `classes`. scale: what
    errors of forecasts are divided by; half_width: of their intervals, NaN where there is none.
    """

    y_pred: Array
    y_score: Array | None
    scale: Array | None = None
    half_width: Array | None = None

    def take(self, rows: Array) -> "Predictions":
        """The predictions of these positions."""
        known = {name: one for name, one in vars(self).items() if one is not None}
        return replace(self, **{name: one[rows] for name, one in known.items()})


def moments(times: pl.Series) -> Array:
    """Days since 1970 of a column of dates, or its numbers; shape (n_rows,), float64."""
    if times.dtype.is_temporal():
        times = times.cast(pl.Datetime("us")).to_physical().cast(pl.Float64) / DAY_US
    return times.cast(pl.Float64).to_numpy()
