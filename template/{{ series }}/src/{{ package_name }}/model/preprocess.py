"""Turn the past of a series into features; the same object in training and serving."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..configs.kind import HISTORY, HORIZON, ORIGIN
from ..utils.histories import matrix, mean, newest, same_season
from ..utils.predictions import Array

Matrix = NDArray[np.float32]
# The matrix begins with these columns. The last five are differences from the level, in spreads.
LEVEL, SPREAD, AHEAD, LAST, SAME, DRIFT, SAME_DRIFT = range(7)
FIXED = (
    f"{HISTORY} level",
    f"{HISTORY} spread",
    HORIZON,
    f"{HISTORY} last",
    f"{HISTORY} same season",
    f"{HISTORY} drift",
    f"{HISTORY} same season and drift",
)
LAGS = len(FIXED)  # where the history begins, the oldest value first
MAX_CATEGORIES = 50
LIMIT = 1e30  # float32 holds 3e38
SMALLEST = 0.01  # of the usual spread; a flat history would divide by 0
DAY_US, WEEK_DAYS, YEAR_DAYS = 86_400_000_000, 7.0, 365.2425


class Preprocessor:
    """Turns examples into a matrix of differences from the level of their own history.

    What a model learns from them holds for a level that train has not seen, which is what a trend
    leads to, and for a series of another size. Relative turns its output into the target's unit.

    native: for estimators that take gaps: unknown values of a history stay NaN, else they are the
    level. season: in steps. numbers_, categories_: what was learnt, JSON content.
    feature_names_: the matrix's columns.
    """

    def __init__(
        self, native: bool = False, trendless: Sequence[str] = (), season: int | None = None
    ) -> None:
        self.native = native
        self.season = season
        self.numbers_: dict[str, Any] = {}
        self.categories_: dict[str, list[str]] = {}
        self.feature_names_: list[str] = []

    @property
    def categorical_(self) -> list[int]:
        """Positions of columns with codes of categories: there are none, they are one-hot."""
        return []

    def fit(self, table: pl.DataFrame) -> "Preprocessor":
        """Learn spreads, scales, categories, and which calendar columns vary."""
        names = [name for name, dtype in table.schema.items() if dtype == pl.String]
        self.categories_ = {name: _commonest(table[name]) for name in names}
        spreads = _past(table[HISTORY], self.season)[1]
        usual = float(np.median(spreads[spreads > 0])) if (spreads > 0).any() else 1.0
        values = self._covariates(table)
        known = {name: one[np.isfinite(one)] for name, one in values.items()}
        scaled = {name: _scale(one) for name, one in known.items()}
        length = int(table[HISTORY].list.len()[0])
        calendar = [n for n, one in self._calendar(table).items() if np.ptp(one) > 1e-6]
        lags = [f"{HISTORY} lag {n}" for n in range(length, 0, -1)]
        names = [*FIXED, *lags, *calendar, *values]
        self.numbers_ = {
            "names": names,
            # What was taken off a column, and what it was divided by.
            "mean": [scaled[name][2] if name in scaled else 0.0 for name in names],
            "scale": [scaled[name][3] if name in scaled else 1.0 for name in names],
            "smallest": SMALLEST * usual,
            "scaled": scaled,
            "calendar": calendar,
            "length": length,
        }
        shown = [f"{name}={value}" for name, found in self.categories_.items() for value in found]
        self.feature_names_ = [*names, *shown]
        return self

    def transform(self, table: pl.DataFrame) -> Matrix:
        """The matrix of examples; shape (n_rows, n_features), float32.

        Raises ValueError where histories are longer or shorter than those of train.
        """
        parts = [*self._levels(table)]
        calendar = self._calendar(table)
        parts += [np.nan_to_num(calendar[name]) for name in self.numbers_["calendar"]]
        for name, values in self._covariates(table).items():
            low, high, center, size = self.numbers_["scaled"][name]
            # A line learnt within the range of train says nothing about values beyond.
            scaled = (np.clip(values, low, high) - center) / size
            parts.append(scaled if self.native else np.nan_to_num(scaled, nan=0.0))
        for name, known in self.categories_.items():
            texts = table[name].cast(pl.String)
            parts += [(texts == one).fill_null(False).to_numpy() for one in known]
        X = np.column_stack(parts) if len(table) else np.empty((0, len(self.feature_names_)))
        return np.asarray(np.clip(X, -LIMIT, LIMIT), dtype=np.float32)

    def to_json(self) -> dict[str, Any]:
        """Everything that was learnt, for `from_json`."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Preprocessor":
        """The transformer that `to_json` described."""
        made = cls()
        vars(made).update(content)
        return made

    def _levels(self, table: pl.DataFrame) -> list[Array]:
        """The columns of FIXED, then the history."""
        past = matrix(table[HISTORY])
        if past.shape[1] != (length := self.numbers_["length"]):
            raise ValueError(f"{HISTORY} must hold {length} numbers, got {past.shape[1]}")
        ahead = table[HORIZON].cast(pl.Float64).to_numpy()
        level, spread, slope = _past(table[HISTORY], self.season)
        spread = np.maximum(spread, self.numbers_["smallest"])
        width = _width(past, self.season)
        last = newest(past)
        same, n_steps = same_season(past, ahead, self.season)
        drift = slope * (ahead + (width - 1) / 2)
        moved = same + slope * n_steps - level
        relative = (past - level[:, None]) / spread[:, None]
        relative = relative if self.native else np.nan_to_num(relative, nan=0.0)
        found = [(last - level) / spread, (same - level) / spread, drift / spread, moved / spread]
        return [level, spread, ahead, *found, *relative.T]

    def _calendar(self, table: pl.DataFrame) -> dict[str, Array]:
        """Hour, weekday and day of the year of each date, on circles."""
        found: dict[str, Array] = {}
        for name in [n for n, d in table.schema.items() if d.is_temporal() and n != ORIGIN]:
            ticks = table[name].cast(pl.Datetime("us")).to_physical().cast(pl.Float64).to_numpy()
            for part, period in (("day", 1.0), ("week", WEEK_DAYS), ("year", YEAR_DAYS)):
                turn = 2 * np.pi * np.fmod(ticks / DAY_US, period) / period
                for n in (1, 2):
                    circle = {"sin": np.sin(n * turn), "cos": np.cos(n * turn)}
                    found |= {f"{name} {part} {n} {key}": one for key, one in circle.items()}
        return found

    def _covariates(self, table: pl.DataFrame) -> dict[str, Array]:
        """Numbers at the target's time; of a past its newest value and change, from its level."""
        found = {}
        for name, dtype in table.schema.items():
            if name in (HISTORY, HORIZON) or dtype == pl.String or dtype.is_temporal():
                continue
            if dtype.is_nested():
                level, spread, slope = _past(table[name], self.season)
                size = np.where(spread > 0, spread, 1.0)
                found[f"{name} last"] = (newest(matrix(table[name])) - level) / size
                found[f"{name} drift"] = slope / size
            elif dtype.is_numeric() or dtype == pl.Boolean:
                found[name] = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            else:
                raise ValueError(f"model/features.py: column '{name}' holds {dtype}, no feature")
        return found


def _width(past: Array, season: int | None) -> int:
    """How many values a level is the mean of: a season, or half of the history."""
    return season or max(1, past.shape[1] // 2)


def _past(cells: pl.Series, season: int | None) -> tuple[Array, Array, Array]:
    """(level, spread, change a step) of each history; shape (n_rows,) each."""
    past = matrix(cells)
    width, whole = _width(past, season), mean(past)
    recent = past[:, -width:]
    level = np.where(np.isfinite(mean(recent)), mean(recent), whole)
    square = mean((recent - level[:, None]) ** 2)
    before = mean(past[:, -2 * width : -width]) if past.shape[1] >= 2 * width else level
    slope = np.nan_to_num((level - before) / width)
    return np.nan_to_num(level), np.nan_to_num(np.sqrt(square)), slope


def _scale(known: Array) -> list[float]:
    """Lowest, highest, mean and standard deviation."""
    if not len(known):
        return [0.0, 0.0, 0.0, 1.0]
    return [*map(float, (known.min(), known.max(), known.mean(), known.std() or 1.0))]


def _commonest(cells: pl.Series) -> list[str]:
    counts = cells.alias("cell").drop_nulls().value_counts()
    counts = counts.sort("count", "cell", descending=[True, False])
    return counts["cell"].to_list()[:MAX_CATEGORIES]
