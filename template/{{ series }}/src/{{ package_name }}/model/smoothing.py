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
        rows, goal = X[chosen].astype(np.float64), y[chosen]
        weight = np.ones(len(goal)) if sample_weight is None else sample_weight[chosen]

        def error(weights: Array) -> float:
            return float((weight * (self._forecast(rows, weights) - goal) ** 2).mean())

        bounds = [(0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.8, 1.0)]
        options = {"maxfev": MAX_STEPS, "xatol": 1e-3, "fatol": 1e-6}
        found = minimize(error, START, method="Nelder-Mead", bounds=bounds, options=options)
        self.weights_ = [float(one) for one in found.x]
        return self

    def predict(self, X: Array) -> Array:
        """Forecasts; shape (n_rows,)."""
        return self._forecast(X.astype(np.float64), np.array(self.weights_))

    def _forecast(self, X: Array, weights: Array) -> Array:
        """X: without the columns of level and spread."""
        alpha, beta, gamma, damping = weights
        first = LAGS - FIRST
        past, ahead = X[:, first : first + self.length], X[:, AHEAD - FIRST].astype(int)
        width = self.season or 1
        level, trend, seasonal = self._start(past, width)
        for t in range(width, past.shape[1]):
            place = t % width
            expected = level + damping * trend
            error = past[:, t] - expected - seasonal[:, place]
            level = expected + alpha * error
            trend = damping * trend + alpha * beta * error
            if self.season:
                seasonal[:, place] += gamma * (1 - alpha) * error
        steps = np.cumsum(damping ** np.arange(1, ahead.max() + 1))[ahead - 1]
        place = (past.shape[1] - 1 + ahead) % width
        return np.asarray(level + steps * trend + seasonal[np.arange(len(past)), place])

    def _start(self, past: Array, width: int) -> tuple[Array, Array, Array]:
        """Level at the end of the first season, trend a step, and the season's shape."""
        level, trend = past[:, :width].mean(axis=1), np.zeros(len(past))
        if past.shape[1] >= 2 * width:
            trend = (past[:, width : 2 * width].mean(axis=1) - level) / width
        centred = np.arange(width) - (width - 1) / 2
        seasonal = past[:, :width] - level[:, None] - trend[:, None] * centred
        if self.season is None:
            seasonal = np.zeros((len(past), 1))
        return level + trend * (width - 1) / 2, trend, seasonal
