"""Turn the past of a series into features; the same object in training and serving."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..configs.kind import HISTORY, HORIZON, ORIGIN
from ..utils.histories import level_of, matrix, mean, newest, same_season, width_of
from ..utils.predictions import Array, Predictions, moments

Matrix = NDArray[np.float32]
# The matrix begins with these columns. The last four are differences from the level, in spreads.
LEVEL, SPREAD, SCALE, AHEAD, LAST, SAME, DRIFT, SAME_DRIFT = range(8)
FIXED = ("level", "spread", "scale", "ahead", "last", "same season", "drift", "same season, drift")
LAGS = len(FIXED)  # where the history begins, the oldest value first
MAX_CATEGORIES = 50
LIMIT = 1e30  # float32 holds 3e38
SMALLEST = 0.01  # of the usual spread; a flat history would divide by 0
DAYS = {"day": 1.0, "week": 7.0, "year": 365.2425}


@dataclass
class Preprocessor:
    """Turns examples into a matrix of differences from the level of their own history.

    What a model learns from them holds for a level that train has not seen, which is what a trend
    leads to, and for a series of another size. Relative turns its output into the target's unit.

    native: for estimators that take gaps: unknown values of a history stay NaN, else they are the
    level. season: in steps. entity: the column that names a series. interval: the share of values
    within an interval. What was learnt is JSON content; feature_names_: the matrix's columns.
    """

    native: bool = False
    trendless: Sequence[str] = ()
    season: int | None = None
    entity: str | None = None
    interval: float = 0.9
    numbers_: dict[str, Any] = field(default_factory=dict)
    categories_: dict[str, list[str]] = field(default_factory=dict)
    feature_names_: list[str] = field(default_factory=list)
    widths_: dict[str, float] = field(default_factory=dict)
    no_interval_: str = "the model was fitted without valid"

    @property
    def categorical_(self) -> list[int]:
        """Positions of columns with codes of categories: there are none, they are one-hot."""
        return []

    def fit(self, table: pl.DataFrame) -> "Preprocessor":
        """Learn spreads, scales, categories, and which calendar columns vary."""
        past = matrix(table[HISTORY])
        spread = level_of(past, self.season)[1]
        usual = float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0
        newest_pair = past[:, -1 - (self.season or 1) :]
        errors = self._naive_errors(table, newest_pair).drop_nulls()
        scales = errors.group_by("entity").agg(pl.col("error").mean()).filter(pl.col("error") > 0)
        self.numbers_ = {"length": past.shape[1], "smallest": SMALLEST * usual}
        self.numbers_["scales"] = dict(scales.iter_rows())
        covariates, calendar = self._covariates(table), self._calendar(table)
        varying = [name for name, one in calendar.items() if np.ptp(one) > 1e-6]
        names = [*self._levels(table), *varying, *covariates]
        limits = [_limits(covariates.get(name, np.empty(0))) for name in names]
        columns = zip(("low", "high", "mean", "scale"), zip(*limits, strict=True), strict=True)
        self.numbers_ |= {"names": names, **{key: list(values) for key, values in columns}}
        texts = [name for name, dtype in table.schema.items() if dtype == pl.String]
        self.categories_ = {name: _commonest(table[name]) for name in texts}
        shown = [f"{name}={value}" for name, found in self.categories_.items() for value in found]
        self.feature_names_ = [*names, *shown]
        return self

    def transform(self, table: pl.DataFrame) -> Matrix:
        """The matrix of examples; shape (n_rows, n_features), float32.

        Raises ValueError where histories are longer or shorter than those of train.
        """
        if not len(table):
            return np.empty((0, len(self.feature_names_)), dtype=np.float32)
        found = self._levels(table) | self._calendar(table) | self._covariates(table)
        learnt = self.numbers_
        X = np.column_stack([found[name] for name in learnt["names"]])
        # A line learnt within the range of train says nothing about values beyond.
        X = (np.clip(X, learnt["low"], learnt["high"]) - learnt["mean"]) / learnt["scale"]
        for name, known in self.categories_.items():
            cells = table[name].cast(pl.String)
            X = np.column_stack([X, *((cells == one).fill_null(False) for one in known)])
        return np.asarray(X if self.native else np.nan_to_num(X), dtype=np.float32)

    def calibrate(self, rows: pl.DataFrame, y_true: Array, predicted: Predictions) -> None:
        """Learn the width of intervals from the errors on valid, for each horizon.

        Split conformal: of n errors the ceil((n + 1) * interval)-th. It promises the interval only
        where errors on valid and later ones are exchangeable, which a trend or a longer way from
        train breaks. Source: Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random
        World.
        """
        needed = math.ceil(self.interval / (1 - self.interval) - 1e-9)
        errors = pl.Series("error", np.abs(y_true - predicted.y_pred) / predicted.scale)
        self.widths_, self.no_interval_ = {}, ""
        for (horizon,), some in rows.with_columns(errors).group_by(HORIZON, maintain_order=True):
            if (n_origins := some[ORIGIN].n_unique()) < needed:
                text = f"an interval of {self.interval:.0%} needs {needed} origins in valid"
                self.widths_, self.no_interval_ = {}, f"{text}, and there are {n_origins}"
                return
            place = min(math.ceil((len(some) + 1) * self.interval), len(some))
            self.widths_[f"{horizon:.0f}"] = some["error"].sort()[place - 1]

    def beside(self, X: Matrix) -> dict[str, Array]:
        """`scale` and `half_width` of the predictions for these rows."""
        scale = X[:, SCALE].astype(np.float64)
        ahead = pl.Series(X[:, AHEAD]).cast(pl.Int64).cast(pl.String)
        width = ahead.replace_strict(self.widths_, default=None, return_dtype=pl.Float64)
        return {"scale": scale, "half_width": width.to_numpy() * scale}

    def to_json(self) -> dict[str, Any]:
        """Everything that was learnt, for `from_json`."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Preprocessor":
        """The transformer that `to_json` described."""
        return cls(**content)

    def _levels(self, table: pl.DataFrame) -> dict[str, Array]:
        """The columns of FIXED, then the history."""
        past, learnt = matrix(table[HISTORY]), self.numbers_
        if past.shape[1] != (length := learnt["length"]):
            raise ValueError(f"{HISTORY} must hold {length} numbers, got {past.shape[1]}")
        ahead = table[HORIZON].cast(pl.Float64).to_numpy()
        level, spread, slope = level_of(past, self.season)
        spread = np.maximum(spread, learnt["smallest"])
        errors, scales = self._naive_errors(table, past), learnt["scales"]
        known = errors["entity"].replace_strict(scales, default=None, return_dtype=pl.Float64)
        own = errors["error"].fill_null(pl.Series(spread)).clip(learnt["smallest"])
        scale = known.fill_null(own).to_numpy()
        same, n_steps = same_season(past, ahead, self.season)
        drift = slope * (ahead + (width_of(past, self.season) - 1) / 2)
        values = [newest(past), same, level + drift, same + slope * n_steps, *past.T]
        columns = [level, spread, scale, ahead, *((one - level) / spread for one in values)]
        names = [*FIXED, *(f"lag {n}" for n in range(length, 0, -1))]
        return {f"{HISTORY} {name}": one for name, one in zip(names, columns, strict=True)}

    def _naive_errors(self, table: pl.DataFrame, past: Array) -> pl.DataFrame:
        """entity, and error: of seasonal naive forecasts within each history, on average.

        The scale is the mean of the newest ones of train; an entity that train has not is scaled by
        its own. Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy,
        International Journal of Forecasting 22.
        """
        step, name = self.season or 1, pl.lit(None if self.entity else "")
        if self.entity in table.columns:
            name = pl.col(str(self.entity))
        error = pl.Series("error", mean(np.abs(past[:, step:] - past[:, :-step])))
        return table.select(name.cast(pl.String).alias("entity"), error.fill_nan(None))

    def _calendar(self, table: pl.DataFrame) -> dict[str, Array]:
        """Hour, weekday and day of the year of each date, on circles."""
        found: dict[str, Array] = {}
        for name in [n for n, d in table.schema.items() if d.is_temporal() and n != ORIGIN]:
            for part, period in DAYS.items():
                turn = 2 * np.pi * np.fmod(moments(table[name]), period) / period
                for n in (1, 2):
                    found[f"{name} {part} {n} sin"] = np.sin(n * turn)
                    found[f"{name} {part} {n} cos"] = np.cos(n * turn)
        return found

    def _covariates(self, table: pl.DataFrame) -> dict[str, Array]:
        """Numbers at the target's time; of a past its newest value and change, from its level."""
        found = {}
        for name, dtype in table.drop(HISTORY, HORIZON).schema.items():
            if dtype.is_nested():
                past = matrix(table[name])
                level, spread, slope = level_of(past, self.season)
                size = np.where(spread > 0, spread, 1.0)
                found[f"{name} last"] = (newest(past) - level) / size
                found[f"{name} drift"] = slope / size
            elif dtype.is_numeric() or dtype == pl.Boolean:
                found[name] = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            elif not (dtype.is_temporal() or dtype == pl.String):
                raise ValueError(f"model/features.py: column '{name}' holds {dtype}, no feature")
        return found


def _limits(values: Array) -> list[float]:
    """Lowest, highest, mean and standard deviation; without values those that change nothing."""
    known = values[np.isfinite(values)]
    if not len(known):
        return [-LIMIT, LIMIT, 0.0, 1.0]
    return [*map(float, (known.min(), known.max(), known.mean(), known.std() or 1.0))]


def _commonest(cells: pl.Series) -> list[str]:
    counts = cells.alias("cell").drop_nulls().value_counts()
    counts = counts.sort("count", "cell", descending=[True, False])
    return counts["cell"].to_list()[:MAX_CATEGORIES]
