"""Draw the model's steps, and how its predictions depend on each column."""

from argparse import Namespace
from typing import Any

import numpy as np
import polars as pl

from ..evaluation.report import render, write_script
from ..executor.context import load_context
from ..executor.evaluate import add_arguments, importances  # noqa: F401 - of this command as well
from ..model.features import add_features
from ..model.predictor import Array, Predictor
from ..utils.files import write_json, write_text
from ..utils.logs import log
from ..utils.suspects import numbers, sample

REPORT, PAGE = "reports/dependence.json", "reports/dependence.html"
N_ROWS, N_COLUMNS, N_POINTS = 500, 8, 21


def run(args: Namespace) -> None:
    """Write reports/dependence.json and .html: the steps, and the most important columns."""
    context = load_context(args.root, args.overrides, args.run)
    model, rows = context.model, sample(context.valid, N_ROWS, context.config.seed)
    found = importances(context)
    names = sorted(model.columns, key=lambda name: -found.get(name, -np.inf))
    grids = [grid for name in names if len(grid := grid_of(rows[name])) > 1]
    columns = [curves_of(model, rows, grid) for grid in grids[:N_COLUMNS]]
    shown = list(model.classes or [context.config.data.target])
    report = {**context.header("valid", len(rows)), "outputs": shown, "columns": columns}
    write_json(args.root / REPORT, report)
    write_script(args.root)
    values = {"context": context, "table": add_features(rows[list(model.columns)])}
    write_text(args.root / PAGE, render("inspection/dependence.html", report=report, **values))
    log("inspect", f"{len(columns)} columns on {len(rows)} rows of valid")
    log("", f"report    {PAGE}      record  {REPORT}")


def grid_of(cells: pl.Series) -> pl.Series:
    """Known values of a column, sorted: all of few, else quantiles; of texts the commonest."""
    known = cells.drop_nulls().sort()
    if known.dtype == pl.String:
        known = known.value_counts(sort=True)[cells.name].head(N_POINTS)
    elif known.n_unique() > N_POINTS:
        # Beyond the outer 2 % are too few rows to say anything.
        places = np.linspace(0.02, 0.98, N_POINTS) * (len(known) - 1)
        known = known[places.round().astype(int)]
    return known.unique().sort()


def curves_of(model: Predictor, rows: pl.DataFrame, grid: pl.Series) -> dict[str, Any]:
    """Partial dependence, and ALE around the mean prediction, at the values of `grid_of`.

    rows: typed, and not of train, whose targets the model has learnt by heart. ale is None for
    texts, whose values have no order. scikit-learn's function takes a matrix, after add_features.
    Source: Friedman (2001), Greedy Function Approximation, Annals of Statistics 29.
    """
    tables = [rows.with_columns(pl.lit(cell, grid.dtype).alias(grid.name)) for cell in grid]
    partial, found = np.array([outputs(model, one).mean(axis=0) for one in tables]), None
    if grid.dtype != pl.String:
        found = (ale(model, rows, grid) + outputs(model, rows).mean(axis=0)).T.tolist()
    values = (grid.cast(pl.String) if grid.dtype.is_temporal() else grid).to_list()
    return {"column": grid.name, "values": values, "partial": partial.T.tolist(), "ale": found}


def outputs(model: Predictor, rows: pl.DataFrame) -> Array:
    """Numbers, or the probability of each class; shape (n_rows, n_outputs)."""
    predicted = model.predict(rows)
    return predicted.y_pred[:, None] if predicted.y_score is None else predicted.y_score


def ale(model: Predictor, rows: pl.DataFrame, grid: pl.Series) -> Array:
    """Accumulated local effects with mean 0 over the rows; (n_values, n_outputs).

    Each row is moved to the two ends of its own interval; rows outside the grid are left out.
    Source: Apley and Zhu (2020), Visualizing the Effects of Predictor Variables, JRSS B 82, eq. 9.
    """
    inside = rows.filter(pl.col(grid.name).is_between(grid[0], grid[-1]))
    bins = np.clip(np.searchsorted(numbers(grid), numbers(inside[grid.name])), 1, len(grid) - 1)
    low, high = (outputs(model, inside.with_columns(grid[bins - side])) for side in (1, 0))
    sums = np.zeros((len(grid), low.shape[1]))
    np.add.at(sums, bins, high - low)
    curve = np.cumsum(sums / np.bincount(bins, minlength=len(grid)).clip(1)[:, None], axis=0)
    return np.asarray(curve - ((curve[bins] + curve[bins - 1]) / 2).mean(axis=0))
