"""Show how predictions depend on each column: partial dependence and ALE."""

import argparse
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence

from ..evaluation.report import number_text
from ..executor.context import RunContext
from ..executor.evaluate import importances
from ..model.predictor import Array, Predictor
from ..utils import runs
from ..utils.logs import log
from .context import add_run, context_of, load_inspection, outputs, write

# Ends of the grid; beyond them are too few rows to say anything.
LOW, HIGH, N_POINTS = 0.02, 0.98, 21
add_arguments = add_run


class CodedModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The whole Predictor as scikit-learn sees it: X holds each raw column as numbers.

    A text is the position in `texts`, NaN an empty cell. Probabilities are numbers here.
    """

    def __init__(self, model: Predictor, rows: pl.DataFrame) -> None:
        self.model, self.rows = model, rows[list(model.columns)]
        names = [name for name in model.columns if rows[name].dtype == pl.String]
        self.texts = {name: rows[name].drop_nulls().unique().sort() for name in names}

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Array, y: Array) -> "CodedModel":
        """It is fitted."""
        return self

    def predict(self, X: Array) -> Array:
        """Numbers, or probabilities; shape (n_rows, n_outputs)."""
        return outputs(self.model, self.decode(X))

    def encode(self) -> Array:
        """The rows as numbers; shape (n_rows, n_columns)."""
        cells = []
        for one in self.rows.iter_columns():
            if one.name in self.texts:
                one = one.cast(pl.Enum(self.texts[one.name]))
            coded = one if one.dtype in (pl.Boolean, pl.Float64) else one.to_physical()
            cells.append(coded.cast(pl.Float64).fill_null(float("nan")).to_numpy())
        return np.column_stack(cells)

    def decode(self, X: Array) -> pl.DataFrame:
        """Typed rows."""
        cells = []
        for old, values in zip(self.rows.iter_columns(), X.T, strict=True):
            new = pl.Series(old.name, values).fill_nan(None)
            if old.name in self.texts:
                new = self.texts[old.name].gather(new.cast(pl.UInt32)).alias(old.name)
            elif old.dtype != pl.Float64:
                new = new.cast(pl.Int64).cast(old.dtype)
            cells.append(new)
        return pl.DataFrame(cells)


def run(args: argparse.Namespace) -> None:
    """Write reports/dependence.json and .html."""
    context = context_of(args)
    settings = load_inspection(context)
    with runs.repeatable(context.config.seed):
        found = importances(context)
        names = sorted(context.model.columns, key=lambda name: -found.get(name, -np.inf))
        seed, n_rows = context.config.seed, min(settings.n_rows, len(context.valid))
        rows = context.valid.sample(n_rows, seed=seed, shuffle=True)
        columns = dependence(context.model, rows, names[: settings.max_columns])
    log("inspect", f"mean prediction on {n_rows} rows of valid, from the lowest to the highest")
    for one in columns:
        low, high = np.min(one["partial"]), np.max(one["partial"])
        log("", f"{one['column']:<24}  {number_text(low)} to {number_text(high)}")
    write(context, "dependence", {"outputs": _labels(context), "columns": columns})


def _labels(context: RunContext) -> list[str]:
    classes = context.model.classes
    if classes is None:
        return [context.config.data.target]
    return [f"probability of {one}" for one in (classes[1:] if len(classes) == 2 else classes)]


def dependence(model: Predictor, rows: pl.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """For each column: grid, and one curve an output: `partial`, and `ale` around the mean.

    rows: typed, and not of train: near its own value a row of train gets the target that the model
    has learnt by heart. ale is None for texts, whose values have no order; a column without two
    known values is left out.
    Source: Friedman (2001), Greedy Function Approximation, Annals of Statistics 29; `ale`.
    """
    coded = CodedModel(model, rows)
    X, found = coded.encode(), []
    mean = coded.predict(X).mean(axis=0)
    for name in names:
        place, is_text = model.columns.index(name), name in coded.texts
        grid = _grid(X[:, place], is_text=is_text)
        if len(grid) < 2:
            continue
        options = {"custom_values": {place: grid}, "kind": "average", "method": "brute"}
        partial = partial_dependence(coded, X, [place], **options)["average"]
        curves = None if is_text else (ale(coded, X, place, grid) + mean).T.tolist()
        shown = coded.decode(_with(X[:1].repeat(len(grid), axis=0), place, grid))[name]
        cells = shown.dt.date().cast(pl.String) if shown.dtype.is_temporal() else shown
        values = {"values": cells.to_list(), "grid": grid.tolist()}
        found.append({"column": name, **values, "partial": partial.tolist(), "ale": curves})
    return found


def ale(coded: CodedModel, X: Array, place: int, grid: Array) -> Array:
    """Accumulated local effects at the grid, mean 0 over the rows; (n_points, n_outputs).

    Each row is moved to the two ends of its own interval, and to nowhere else.
    Source: Apley and Zhu (2020), Visualizing the Effects of Predictor Variables in Black Box
    Supervised Learning Models, JRSS B 82, equation 9. Rows outside the grid are left out.
    """
    inside = X[(X[:, place] >= grid[0]) & (X[:, place] <= grid[-1])]
    bins = np.clip(np.searchsorted(grid, inside[:, place]), 1, len(grid) - 1)
    ends = [coded.predict(_with(inside, place, grid[bins - side])) for side in (0, 1)]
    counts = np.bincount(bins, minlength=len(grid))[1:, None]
    sums = [np.bincount(bins, one, len(grid))[1:] for one in (ends[0] - ends[1]).T]
    effects = np.array(sums).T / np.maximum(counts, 1)
    curve = np.vstack([np.zeros(effects.shape[1]), effects.cumsum(axis=0)])
    middle = (curve[1:] + curve[:-1]) / 2
    return np.asarray(curve - (middle * counts).sum(axis=0) / counts.sum())


def _with(X: Array, place: int, values: Array) -> Array:
    changed = X.copy()
    changed[:, place] = values
    return changed


def _grid(values: Array, *, is_text: bool) -> Array:
    """Quantiles of the known values, all of few; of texts the commonest."""
    known, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if is_text:
        return np.sort(known[np.argsort(-counts, kind="stable")[:N_POINTS]])
    if len(known) <= N_POINTS:
        return known
    spread = np.linspace(LOW, HIGH, N_POINTS)
    return np.unique(np.nanquantile(values, spread, method="nearest"))
