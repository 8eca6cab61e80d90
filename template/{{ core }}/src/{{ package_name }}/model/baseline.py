"""The results to beat: a constant, a rule about one feature, and of a series its past values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Config
from ..utils.predictions import Array, moments
from . import estimators
from .preprocess import Matrix, Preprocessor

WEEK_DAYS, YEAR_DAYS = 7.0, 365.2425


def _constant(task: str, class_weight: Any, seed: int) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyRegressor() if task == "regression" else DummyClassifier(strategy="prior")


def _one_rule(task: str, class_weight: Any, seed: int) -> Any:
    """One threshold on the best single feature. Source: Holte (1993), Machine Learning 11."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if task == "regression":
        return DecisionTreeRegressor(max_depth=1, random_state=seed)
    return DecisionTreeClassifier(max_depth=1, class_weight=class_weight, random_state=seed)


class PastValue:
    """Predicts the target of the last moment of train, or of the same moment a season earlier.

    X: shape (n_rows, 1), moments. season: in their unit; None: the last moment. Of several rows of
    one moment, their mean. Source: Hyndman and Athanasopoulos (2021), Forecasting, section 5.2.
    """

    def __init__(self, task: str, season: float | None) -> None:
        self.task, self.season = task, season

    def fit(self, X: Array, y: Array) -> "PastValue":
        """Keep the mean, or the shares of the classes, of each moment."""
        self.classes_ = np.unique(y)
        values = y[:, None] if self.task == "regression" else y[:, None] == self.classes_
        self.moments_, places = np.unique(X[:, 0], return_inverse=True)
        sums = [np.bincount(places, column) for column in np.asarray(values, dtype=float).T]
        self.means_ = (np.array(sums) / np.bincount(places)).T
        return self

    def predict_proba(self, X: Array) -> Array:
        """The values of the moments that stand for those of X; shape (n_rows, n_values)."""
        known, at = self.moments_, np.minimum(X[:, 0], self.moments_[-1])
        if self.season is not None:
            n_seasons = np.ceil(np.maximum(X[:, 0] - known[-1], 0) / self.season)
            at = X[:, 0] - n_seasons * self.season
        between = (known[1:] + known[:-1]) / 2
        return np.asarray(self.means_[np.searchsorted(between, at)])

    def predict(self, X: Array) -> Array:
        """Numbers; shape (n_rows,)."""
        return np.asarray(self.predict_proba(X)[:, 0])


class Moments(Preprocessor):
    """The times of a split by time as the only feature, in days, or in the unit of its column."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column, self.feature_names_ = column, [column]
        self.numbers_ = {"names": [column]}

    def fit(self, table: pl.DataFrame) -> "Moments":
        """There is nothing to learn."""
        return self

    def transform(self, table: pl.DataFrame) -> Matrix:
        """Shape (n_rows, 1); as 64 bits, which hold a second."""
        return moments(table[self.column])[:, None]


def season_of(config: Config, times: pl.Series) -> float | None:
    """data.split.season; else a year of dates, or a week where they cover less than a year."""
    if config.data.split.season is not None or not times.dtype.is_temporal():
        return config.data.split.season
    return YEAR_DAYS if np.ptp(moments(times)) >= YEAR_DAYS else WEEK_DAYS


# Task -> name -> (task, class_weight, seed) -> an unfitted estimator; the simplest one first.
BASELINES: dict[str, dict[str, Callable[[str, Any, int], Any]]] = {
    "classification": {"majority class": _constant, "one rule": _one_rule},
    "regression": {"mean": _constant, "one rule": _one_rule},
}
# A kind of data may bring its own, in place of these and of those of a split by time.
OWN = getattr(estimators, "BASELINES", {})
BASELINES |= OWN
SEASONAL = "seasonal value"
OF_TIME = ("last value", SEASONAL)


def baselines_of(config: Config) -> list[str]:
    """The names of the baselines for this task and split."""
    of_time = config.data.split.by == "time" and config.task not in OWN
    return [*BASELINES[config.task], *(OF_TIME if of_time else ())]
