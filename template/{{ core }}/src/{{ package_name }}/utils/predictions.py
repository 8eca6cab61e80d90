"""One value a row: what a model predicts, and times as numbers."""

from dataclasses import dataclass
from typing import Any

import polars as pl
from numpy.typing import NDArray

Array = NDArray[Any]
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Predictions:
    """What a model predicts for rows, in their order.

    y_pred: shape (n_rows,); class codes, or numbers. y_score: probabilities, shape (n_rows,
    n_classes); None for regression. A code is the position in the model's `classes`.
    """

    y_pred: Array
    y_score: Array | None

    def take(self, rows: Array) -> "Predictions":
        """The predictions of these positions."""
        score = None if self.y_score is None else self.y_score[rows]
        return Predictions(self.y_pred[rows], score)


def moments(times: pl.Series) -> Array:
    """Days since 1970 of a column of dates, or its numbers; shape (n_rows,), float64."""
    if times.dtype.is_temporal():
        times = times.cast(pl.Datetime("us")).to_physical().cast(pl.Float64) / DAY_US
    return times.cast(pl.Float64).to_numpy()
