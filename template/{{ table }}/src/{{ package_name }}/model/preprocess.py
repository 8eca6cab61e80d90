"""Fill, flag, scale and encode features; the same object in training and serving."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
MISSING = "(missing)"
OTHER = "(other)"
# More values of one column cost time and fit noise; the rest share one column.
MAX_CATEGORIES = 50
# scikit-learn's histogram boosting takes at most 255 categories.
MAX_NATIVE_CATEGORIES = 250
DAY_US = 86_400_000_000
WEEK_DAYS, YEAR_DAYS = 7.0, 365.2425
FIRST_WEEKDAY = 3.0  # 1970-01-01 was a Thursday
PLAIN, TEXTS = (pl.Boolean, pl.Duration), (pl.String, pl.Categorical, pl.Enum)
LIMIT = 1e30  # float32 holds 3e38


class Preprocessor:
    """Turns a table of features into a matrix; what it learns comes from `fit` alone.

    native: for estimators that take gaps and categories as they are: NaN stays, a category is one
    column of codes. Otherwise gaps are filled with the median and flagged, categories one-hot.
    Dates become weekday and day of the year on a circle, and the years since 1970, except for
    `trendless` columns: after a split by time every later year is outside what was learnt.

    numbers_, categories_: what was learnt, JSON content. feature_names_: the matrix's columns.
    """

    def __init__(self, native: bool = False, trendless: Sequence[str] = ()) -> None:
        self.native = native
        self.trendless = list(trendless)
        self.numbers_: dict[str, list[Any]] = {}
        self.categories_: dict[str, list[str]] = {}
        self.feature_names_: list[str] = []

    def fit(self, table: pl.DataFrame) -> "Preprocessor":
        """Learn medians, means, scales and categories. table: shape (n_rows, n_columns)."""
        names, values = _numeric(table, self.trendless)
        missing = np.isnan(values)
        fill = np.array([_median(column) for column in values.T])
        filled = np.where(missing, fill, values)
        spread = filled.std(axis=0)
        self.numbers_ = {
            "names": names,
            "fill": fill.tolist(),
            "mean": filled.mean(axis=0).tolist(),
            "scale": np.where(spread > 0, spread, 1.0).tolist(),
            "flagged": np.flatnonzero(missing.any(axis=0)).tolist(),
            # Whether gaps stay; an estimator cannot cut a column that was wholly empty.
            "gaps": (~missing.all(axis=0) & self.native).tolist(),
        }
        self.categories_ = {name: self._values(table[name]) for name in _texts(table)}
        flags = [f"{names[place]} is missing" for place in self.numbers_["flagged"]]
        shown = [f"{name}={value}" for name, known in self.categories_.items() for value in known]
        self.feature_names_ = names + (list(self.categories_) if self.native else flags + shown)
        return self

    def transform(self, table: pl.DataFrame) -> Matrix:
        """The matrix of a table with the same columns; shape (n_rows, n_features), float32."""
        names, values = _numeric(table, self.trendless)
        learnt = self.numbers_
        if names != learnt["names"]:
            raise ValueError(f"add_features gives {names}, the model learnt {learnt['names']}")
        missing = np.isnan(values)
        # In place: of two million rows a copy is as large as the file.
        np.copyto(values, learnt["fill"], where=missing & ~np.array(learnt["gaps"], dtype=bool))
        values -= learnt["mean"]
        values /= learnt["scale"]
        parts = [np.clip(values, -LIMIT, LIMIT, out=values)]
        if not self.native:
            parts.append(missing[:, learnt["flagged"]])
        parts += [self._encode(table[name], known) for name, known in self.categories_.items()]
        return np.concatenate(parts, axis=1, dtype=np.float32, casting="unsafe")

    @property
    def categorical_(self) -> list[int]:
        """Positions of the matrix's columns that hold codes of categories."""
        n_numbers = len(self.numbers_["names"])
        return list(range(n_numbers, len(self.feature_names_))) if self.native else []

    def to_json(self) -> dict[str, Any]:
        """Everything that was learnt, for `from_json`."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Preprocessor":
        """The transformer that `to_json` described."""
        made = cls()
        vars(made).update(content)
        return made

    def _values(self, cells: pl.Series) -> list[str]:
        """The commonest values, then OTHER where some are left over."""
        texts = cells.alias("text").fill_null(MISSING).cast(pl.String)
        counts = texts.value_counts().sort("count", "text", descending=[True, False])
        values = counts["text"].to_list()
        limit = MAX_NATIVE_CATEGORIES if self.native else MAX_CATEGORIES
        return values if len(values) <= limit else [*values[: limit - 1], OTHER]

    def _encode(self, cells: pl.Series, known: list[str]) -> NDArray[Any]:
        """Codes, shape (n_rows, 1), or one-hot, (n_rows, len(known)); unknown: OTHER or nothing."""
        unknown = float(known.index(OTHER)) if OTHER in known else float("nan")
        texts = cells.cast(pl.String).fill_null(MISSING)
        codes = texts.cast(pl.Enum(known), strict=False).to_physical().cast(pl.Float64)
        column = codes.fill_null(unknown).to_numpy()[:, None]
        return column if self.native else np.equal(column, np.arange(len(known)))


def _texts(table: pl.DataFrame) -> list[str]:
    return [name for name, dtype in table.schema.items() if dtype in TEXTS]


def _numeric(table: pl.DataFrame, trendless: Sequence[str]) -> tuple[list[str], NDArray[Any]]:
    """Names and values, shape (n_rows, n_names), NaN where empty: numbers, then parts of dates."""
    schema = table.schema
    plain = [name for name, dtype in schema.items() if dtype.is_numeric() or dtype in PLAIN]
    dates = [name for name, dtype in schema.items() if dtype in (pl.Date, pl.Datetime)]
    for name in schema.keys() - {*plain, *dates, *_texts(table)}:
        raise ValueError(f"model/features.py: column '{name}' holds {schema[name]}, not a feature")
    # By column: `select` and a table's `to_numpy` use threads, which for one row takes longer than
    # all else that the service does.
    cells = [table[name] for name in plain]
    cells = [c.dt.total_microseconds() / 1e6 if c.dtype == pl.Duration else c for c in cells]
    columns = {one.name: one.cast(pl.Float64).to_numpy() for one in cells}
    for name in dates:
        parts = _date_parts(table[name], trend=name not in trendless)
        columns |= {f"{name} {part}": values for part, values in parts.items()}
    values = np.array(list(columns.values()), dtype=np.float64).reshape(len(columns), len(table)).T
    values[np.isinf(values)] = np.nan
    return list(columns), values


def _date_parts(cells: pl.Series, *, trend: bool) -> dict[str, NDArray[np.float64]]:
    moments = cells.cast(pl.Datetime("us")).to_physical().cast(pl.Float64).to_numpy()
    days = np.floor(moments / DAY_US)
    week = 2 * np.pi * np.fmod(days + FIRST_WEEKDAY, WEEK_DAYS) / WEEK_DAYS
    year = 2 * np.pi * np.fmod(days, YEAR_DAYS) / YEAR_DAYS
    parts = {"weekday sin": np.sin(week), "weekday cos": np.cos(week)}
    parts |= {"season sin": np.sin(year), "season cos": np.cos(year)}
    return parts | ({"years": days / YEAR_DAYS} if trend else {})


def _median(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0
