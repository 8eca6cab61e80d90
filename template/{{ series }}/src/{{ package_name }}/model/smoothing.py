"""Exponential smoothing of each history, with four weights that all series share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .preprocess import AHEAD, LAGS
from .relative import FIRST

Array = NDArray[Any]
MAX_ROWS, MAX_STEPS = 1_000, 150  # of the search for the weights
START = (0.3, 0.1, 0.1, 0.95)  # of level, trend and season, and the damping of the trend


class Smoothing(BaseEstimator):  # type: ignore[misc] # scikit-learn publishes no types
    """Additive Holt-Winters with a damped trend, begun anew in each history.

    season: in steps, or None. length: of a history. weights_: of level, trend and season, and the
    damping. Source: Gardner and McKenzie (1985), Forecasting Trends in Time Series, Management
    Science 31; Hyndman and Athanasopoulos (2021), Forecasting, section 8.3.
    """

    def __init__(self, season: int | None = None, length: int = 2) -> None:
        self.season, self.length = season, length

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> "Smoothing":
        """Choose the weights with the smallest squared error. X, y: as Relative passes them."""
        from scipy.optimize import minimize

        chosen = np.linspace(0, len(X) - 1, min(len(X), MAX_ROWS)).round().astype(int)
        rows, weight = X[chosen], None if sample_weight is None else sample_weight[chosen]

        def error(weights: Array) -> float:
            squares = (self._forecast(rows, weights) - y[chosen]) ** 2
            return float(np.average(squares, weights=weight))

        bounds = [(0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.8, 1.0)]
        options = {"maxfev": MAX_STEPS, "xatol": 1e-3, "fatol": 1e-6}
        found = minimize(error, START, method="Nelder-Mead", bounds=bounds, options=options)
        self.weights_ = found.x.tolist()
        return self

    def predict(self, X: Array) -> Array:
        """Forecasts; shape (n_rows,)."""
        return self._forecast(X, self.weights_)

    def _forecast(self, X: Array, weights: Any) -> Array:
        """X: without the columns of level, spread and scale."""
        alpha, beta, gamma, damping = weights
        past = X[:, LAGS - FIRST :][:, : self.length].astype(np.float64)
        ahead, width = X[:, AHEAD - FIRST].astype(int), self.season or 1
        level, trend = past[:, :width].mean(axis=1), np.zeros(len(past))
        if self.length >= 2 * width:
            trend = (past[:, width : 2 * width].mean(axis=1) - level) / width
        # At the end of the first season: its level, and its shape without the trend.
        middle = np.arange(width) - (width - 1) / 2
        season = past[:, :width] - level[:, None] - trend[:, None] * middle
        level = level + trend * middle[-1]
        for t in range(width, self.length):
            expected = level + damping * trend
            error = past[:, t] - expected - season[:, t % width]
            level = expected + alpha * error
            trend = damping * trend + alpha * beta * error
            season[:, t % width] += gamma * (1 - alpha) * error if self.season else 0.0
        steps = np.cumsum(damping ** np.arange(1, ahead.max() + 1))[ahead - 1]
        shape = season[np.arange(len(past)), (self.length - 1 + ahead) % width]
        return np.asarray(level + steps * trend + shape)
