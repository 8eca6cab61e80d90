"""Turn dates into numbers that a linear model can use."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ..ops.cycles import on_circle

DAY_S = 86_400.0
WEEK_DAYS = 7.0
YEAR_DAYS = 365.2425
# 1970-01-01 was a Thursday.
FIRST_WEEKDAY = 3.0


class DateParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Weekday and season as points on a circle, and with `trend` the day itself.

    X: seconds since 1970, shape (n_rows, n_dates); NaN stays NaN. Output: shape (n_rows, 4 or 5
    times n_dates): sine and cosine of the weekday, sine and cosine of the day in the year, and
    years since 1970. Learns nothing.
    """

    def __init__(self, trend: bool = True) -> None:
        self.trend = trend

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> "DateParts":
        """Remember how many dates there are."""
        self.n_features_in_ = np.asarray(X).shape[1]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """The parts of each date."""
        days = np.floor(np.asarray(X, dtype=np.float64) / DAY_S)
        parts = [*on_circle(days + FIRST_WEEKDAY, WEEK_DAYS), *on_circle(days, YEAR_DAYS)]
        if self.trend:
            parts.append(days / YEAR_DAYS)
        return np.hstack(parts)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Names of the columns of `transform`."""
        dates = [f"x{i}" for i in range(self.n_features_in_)]
        dates = dates if input_features is None else list(input_features)
        kinds = ["weekday_sin", "weekday_cos", "season_sin", "season_cos"]
        kinds += ["years"] if self.trend else []
        return np.array([f"{date}_{kind}" for kind in kinds for date in dates], dtype=object)
