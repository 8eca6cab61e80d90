"""Find the smallest change of one row that changes its prediction."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load
from ..configs.settings import Section
from ..dataloader.schema import read_schema
from ..executor.context import RunContext, load_context
from ..executor.predict import prediction_table
from ..model.predictor import Array, Predictor
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.predictions import Predictions
from . import trace

PATH = "conf/inspection.yaml"
MAX_CHANGES, N_VALUES = 3, 300  # columns changed at once; values tried in one column
Goal = Callable[[Predictions], Array]  # how near each prediction is; reached above 0


class Inspection(Section):
    """immutable: columns that no counterfactual changes."""

    immutable: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The row, and the goal."""
    trace.add_arguments(parser)
    parser.add_argument("--to", required=True, help="the class to reach, or the number to pass")


def run(args: argparse.Namespace) -> None:
    """Print what has to change; nothing is written, as reports hold no row of the data."""
    context = load_context(args.root, args.overrides, args.run)
    model, immutable = context.model, load(args.root, PATH, Inspection).immutable
    _, row = trace.rows_of(context, args.row, args.file)
    log("inspect", f"predicted {prediction_table(model, row)['prediction'][0]}; goal {args.to}")
    values, goal = candidates(context, immutable), goal_of(model, row, args.to)
    found = Search(model, row, values, goal).find()
    if found is None:
        text = f"none found with at most {MAX_CHANGES} columns changed"
        return log("", f"{text} (immutable: {', '.join(immutable) or 'none'})")
    for name in model.columns:
        if found[name][0] != row[name][0]:
            log("", f"{name:<24}  {row[name][0]} -> {found[name][0]}")
    after = prediction_table(model, found)["prediction"][0]
    log("", f"then it predicts {after}; this describes the model, no cause")


def goal_of(model: Predictor, row: pl.DataFrame, to: str) -> Goal:
    """How near predictions are to a class, or how far beyond a number seen from this row's.

    Raises ValueError where `to` is neither.
    """
    if model.classes is None:
        try:
            limit = float(to)
        except ValueError:
            raise ValueError(f"command line: --to: must be a number, got {to}") from None
        sign = 1 if limit > model.predict(row).y_pred[0] else -1
        return lambda found: sign * (found.y_pred - limit)
    check_name(to, model.classes, "command line: --to")
    code = model.classes.index(to)

    def lead(found: Predictions) -> Array:
        scores = np.asarray(found.y_score)
        return np.asarray(scores[:, code] - np.delete(scores, code, axis=1).max(axis=1))

    return lead


def candidates(context: RunContext, immutable: tuple[str, ...]) -> dict[str, pl.Series]:
    """Column -> values that train holds and conf/schema.yaml allows now, sorted."""
    schema, found = read_schema(context.root) or context.schema, {}
    for name in immutable:
        check_name(name, context.model.columns, f"{PATH}: immutable")
    for name in context.model.columns:
        rules = [rule for _, rule in schema.columns[name].rules(pl.col(name))]
        cells = context.train.select(name).drop_nulls().filter(rules)[name].unique().sort()
        if len(cells) and name not in immutable:
            places = np.linspace(0, len(cells) - 1, min(len(cells), N_VALUES))
            found[name] = cells[places.astype(int)]
    return found


@dataclass(frozen=True)
class Search:
    """Greedy: column by column, each time the value that comes nearest to the goal.

    row: typed, one. values: of `candidates`; no other column changes.
    Source: Martens and Provost (2014), Explaining Data-Driven Document Classifications, MISQ 38.
    """

    model: Predictor
    row: pl.DataFrame
    values: dict[str, pl.Series]
    goal: Goal

    def find(self) -> pl.DataFrame | None:
        """The row with the smallest change that was found, or None; unchanged if it is there."""
        row, changed = self.row, list[str]()
        while not self.goal(self.model.predict(row))[0] > 0:
            free = {name: cells for name, cells in self.values.items() if name not in changed}
            if not free or len(changed) == MAX_CHANGES:
                return None
            name, row = self.change(row, free)
            changed.append(name)
        for name in changed:  # back, or as near to the row as it can be
            _, row = self.change(row, {name: pl.concat([self.row[name], self.values[name]])})
        return row

    def change(self, row: pl.DataFrame, values: dict[str, pl.Series]) -> tuple[str, pl.DataFrame]:
        """One cell: of the changes that reach the goal the smallest, else the nearest to it."""
        tried = []
        for name, cells in values.items():
            near = self.goal(self.model.predict(row[[0] * len(cells)].with_columns(cells)))
            for value, one in zip(cells, near.tolist(), strict=True):
                order = (0, self.distance(name, value)) if one > 0 else (1, -one)
                tried.append((order, name, value))
        _, name, value = min(tried, key=lambda one: one[0])
        return name, row.with_columns(pl.lit(value, row[name].dtype).alias(name))

    def distance(self, name: str, value: Any) -> float:
        """How far the value is from the row's, in ranges of train; another category counts 1."""
        before, cells = self.row[name][0], self.values[name]
        if before is None or len(cells) < 2 or cells.dtype in (pl.String, pl.Boolean):
            return float(value != before)
        return float(abs(value - before) / (cells[-1] - cells[0]))
