"""Find the smallest change of one row that changes its prediction."""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.schema import read_schema
from ..evaluation.report import number_text
from ..executor.context import RunContext
from ..model.predictor import Array
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.predictions import Predictions
from .context import add_row, context_of, load_inspection, rows_of

MAX_TRIED = 20  # values of one column
Row = dict[str, Any]
Score = Callable[[Predictions], Array]  # above 0 the goal is reached


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The row, and the goal."""
    add_row(parser)
    parser.add_argument("--to", metavar="CLASS", help="the class to reach (default: any other)")
    parser.add_argument("--above", type=float, help="the number to exceed")
    parser.add_argument("--below", type=float, help="the number to fall below")


def run(args: argparse.Namespace) -> None:
    """Print what has to change; nothing is written, as reports hold no row of the data."""
    context = context_of(args)
    _, typed = rows_of(context, args)
    row = typed[list(context.model.columns)]
    score, goal = goal_of(context, row, args.to, args.above, args.below)
    settings, before = load_inspection(context), context.model.predict(row)
    log("inspect", f"predicted {_shown(context, before)}; {goal}")
    if score(before)[0] > 0:
        return log("", "the row is there already; nothing has to change")
    values = candidates(context, settings.immutable)
    changes = search(context, row, values, score, settings.max_changes)
    if changes is None:
        n, names = settings.max_changes, ", ".join(settings.immutable) or "none"
        return log("", f"none found with at most {n} columns changed (immutable: {names})")
    for name, value in changes.items():
        log("", f"{name:<24}  {row[name][0]} -> {value}")
    after = context.model.predict(changed(row, [changes]))
    log("", f"then it predicts {_shown(context, after)}; this describes the model, no cause")


def _shown(context: RunContext, predicted: Predictions) -> str:
    if predicted.y_score is None or context.model.classes is None:
        return number_text(float(predicted.y_pred[0]))
    code = int(predicted.y_pred[0])
    return f"{context.model.classes[code]} ({predicted.y_score[0, code]:.2f})"


def goal_of(
    context: RunContext, row: pl.DataFrame, to: str | None, above: float | None, below: float | None
) -> tuple[Score, str]:
    """(how near predictions are, the goal in words); raises ValueError where none is given."""
    classes = context.model.classes
    if classes is None:
        if to is not None or (above is None) == (below is None):
            raise ValueError("command line: a model of numbers needs --above or --below")
        sign, limit = (1, above) if above is not None else (-1, below)
        text = f"to be {'above' if sign > 0 else 'below'} {limit}"
        return lambda found: sign * (found.y_pred - float(limit or 0)), text
    if above is not None or below is not None:
        raise ValueError("command line: --above and --below are for numbers; use --to CLASS")
    if to is not None:
        check_name(to, classes, "command line: --to")
    code = classes.index(to) if to else int(context.model.predict(row).y_pred[0])

    def lead(found: Predictions) -> Array:
        """By how much the class is ahead of all others."""
        scores = np.asarray(found.y_score)
        ahead = scores[:, code] - np.delete(scores, code, axis=1).max(axis=1)
        # Of two equal classes the first is predicted.
        sure = np.where((found.y_pred == code) & (ahead == 0), 1e-12, ahead)
        return sure if to else -sure

    return lead, f"to be {to}" if to else f"to be another class than {classes[code]}"


def candidates(context: RunContext, immutable: tuple[str, ...]) -> dict[str, pl.Series]:
    """Column -> values that train holds and conf/schema.yaml allows now, sorted."""
    schema = read_schema(context.root) or context.schema
    found = {}
    for name in context.model.columns:
        if name not in immutable:
            cells = context.train[name].drop_nulls().unique().sort()
            rules = [rule for _, rule in schema.columns[name].rules(pl.col(name))]
            found[name] = pl.DataFrame([cells]).filter(rules)[name]
    return found


def changed(row: pl.DataFrame, changes: list[Row]) -> pl.DataFrame:
    """A copy of the row for each of the changes."""
    original = row.row(0, named=True)
    return pl.DataFrame([original | one for one in changes], schema=row.schema)


def search(
    context: RunContext, row: pl.DataFrame, values: dict[str, pl.Series], score: Score, limit: int
) -> Row | None:
    """Column -> new value of the smallest change found, or None.

    Greedy: in each round the one column that comes nearest to the goal, or the smallest change of
    those that reach it; then what is not needed is taken back, and numbers are brought as near to
    the row as they can. Distance: in ranges of train; another category counts 1.
    Source: Martens and Provost (2014), Explaining Data-Driven Document Classifications, MISQ 38.
    """
    changes: Row = {}
    for _ in range(min(limit, len(values))):
        tried = [
            changes | {name: value}
            for name, cells in values.items()
            if name not in changes
            for value in _thinned(cells)
        ]
        if not tried:
            return None
        near = score(context.model.predict(changed(row, tried)))
        reached = np.flatnonzero(near > 0)
        if len(reached):
            sizes = [size(row, tried[place], values) for place in reached]
            return _reduced(context, row, tried[reached[int(np.argmin(sizes))]], values, score)
        changes = tried[int(near.argmax())]
    return None


def size(row: pl.DataFrame, changes: Row, values: dict[str, pl.Series]) -> float:
    """How large a change is."""
    total = 0.0
    for name, value in changes.items():
        before, cells = row[name][0], values[name]
        if cells.dtype in (pl.String, pl.Boolean) or before is None:
            total += float(value != before)
        else:
            width = cells[-1] - cells[0]
            total += float(abs(value - before) / width) if width else 1.0
    return total


def _thinned(cells: pl.Series) -> list[Any]:
    if len(cells) <= MAX_TRIED or cells.dtype in (pl.String, pl.Boolean):
        return cells.to_list()
    places = np.unique(np.linspace(0, len(cells) - 1, MAX_TRIED).astype(int))
    return cells.gather(places).to_list()


def _reduced(
    context: RunContext, row: pl.DataFrame, changes: Row, values: dict[str, pl.Series], score: Score
) -> Row:
    """Without changes that are not needed; each that stays is the smallest on its own."""
    for name in list(changes):
        before, others = row[name][0], {n: v for n, v in changes.items() if n != name}
        options = [others] if others else []
        cells = values[name]
        if before is not None and cells.dtype not in (pl.String, pl.Boolean):
            low, high = sorted([before, changes[name]])
            between = cells.filter(cells.is_between(low, high))
            options += [others | {name: value} for value in between if value != before]
        options = sorted([*options, changes], key=lambda one: size(row, one, values))
        near = score(context.model.predict(changed(row, options)))
        changes = options[int(np.flatnonzero(near > 0)[0])]
    return changes
