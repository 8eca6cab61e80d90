"""Find the smallest change of one row that changes its prediction."""

import argparse
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from ..dataloader.schema import read_schema
from ..executor.context import RunContext, load_context
from ..executor.predict import prediction_table
from ..model.predictor import Array, Predictor
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.suspects import numbers
from . import trace

MAX_CHANGES, N_VALUES = 3, 300  # columns changed at once; values tried in one column
Goal = Callable[[pl.DataFrame], Array]  # how near each row is; above 0 it is reached


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The row, the goal, and what stays."""
    trace.add_arguments(parser)
    parser.add_argument("--to", required=True, help="the class to reach, or the number to pass")
    parser.add_argument("--keep", action="append", default=[], help="a column that stays")


def run(args: argparse.Namespace) -> None:
    """Print what has to change."""
    context = load_context(args.root, args.overrides, args.run)
    model, (_, row) = context.model, trace.rows_of(context, args.row, args.file)
    log("inspect", f"predicted {prediction_table(model, row)['prediction'][0]}; goal {args.to}")
    found = search(row, candidates(context, args.keep), goal_of(model, row, args.to))
    if found is None:
        return log("", f"none found with at most {MAX_CHANGES} columns changed")
    for name in model.columns:
        if found[name][0] != row[name][0]:
            log("", f"{name:<24}  {row[name][0]} -> {found[name][0]}")
    predicted = prediction_table(model, found)["prediction"][0]
    log("", f"then it predicts {predicted}; this describes the model, no cause")


def goal_of(model: Predictor, row: pl.DataFrame, to: str) -> Goal:
    """How far rows are beyond a class, or beyond a number seen from this row's prediction."""
    if model.classes is None:
        limit, before = float(to), model.predict(row).y_pred[0]
        return lambda rows: np.sign(limit - before) * (model.predict(rows).y_pred - limit)
    check_name(to, model.classes, "command line: --to")
    is_goal = np.array(model.classes) == to

    def lead(rows: pl.DataFrame) -> Array:
        scores = np.asarray(model.predict(rows).y_score)
        return np.asarray(scores[:, is_goal][:, 0] - scores[:, ~is_goal].max(axis=1))

    return lead


def candidates(context: RunContext, keep: Sequence[str]) -> list[pl.Series]:
    """For each column the values that train holds and conf/schema.yaml allows now, sorted."""
    schema, found = read_schema(context.root) or context.schema, []
    for name in keep:
        check_name(name, context.model.columns, "command line: --keep")
    for name in [one for one in context.model.columns if one not in keep]:
        rules = [rule for _, rule in schema.columns[name].rules(pl.col(name))]
        cells = context.train.select(name).drop_nulls().filter(rules)[name].unique().sort()
        found.append(cells.gather_every(len(cells) // N_VALUES + 1))
    return [cells for cells in found if len(cells)]


def search(row: pl.DataFrame, values: list[pl.Series], goal: Goal) -> pl.DataFrame | None:
    """The row with the smallest change that was found, or None; unchanged if it is there.

    Greedy: column by column, each time the value that comes nearest to the goal; then each change
    is made as small as the goal allows. row: typed, one. values: of `candidates`.
    Source: Martens and Provost (2014), Explaining Data-Driven Document Classifications, MISQ 38.
    """
    found = row
    for _ in range(MAX_CHANGES):
        free = [cells for cells in values if found[cells.name].equals(row[cells.name])]
        if free and goal(found)[0] <= 0:
            found = change(row, found, free, goal)
    for cells in values:
        if not found[cells.name].equals(row[cells.name]):
            found = change(row, found, [pl.concat([row[cells.name], cells])], goal)
    return found if goal(found)[0] > 0 else None


def change(
    row: pl.DataFrame, found: pl.DataFrame, values: list[pl.Series], goal: Goal
) -> pl.DataFrame:
    """`found` with one change: the smallest that reaches the goal, else the nearest to it."""
    tried = pl.concat([found[[0] * len(cells)].with_columns(cells) for cells in values])
    sizes = np.concatenate([distances(row[cells.name], cells) for cells in values])
    near = goal(tried)
    return tried[int(np.lexsort((np.where(near > 0, sizes, -near), near <= 0))[0])]


def distances(before: pl.Series, cells: pl.Series) -> Array:
    """How far values are from the row's, in ranges of `cells`; another category counts 1."""
    if before.null_count() or cells.dtype in (pl.String, pl.Boolean):
        return np.asarray(cells.ne_missing(before[0]), dtype=float)
    return np.asarray(np.abs(numbers(cells) - numbers(before)) / (np.ptp(numbers(cells)) or 1.0))
