"""Draw the steps of the model on a page."""

import argparse
from typing import Any

from ..evaluation.report import render
from ..executor.context import RunContext, load_context
from ..model.features import add_features
from ..utils.files import write_text
from ..utils.logs import log
from .trace import add_run

PAGE = "reports/structure.html"
Box = tuple[str, list[str]]  # title, lines
add_arguments = add_run


def run(args: argparse.Namespace) -> None:
    """Write reports/structure.html."""
    context = load_context(args.root, args.overrides, args.run)
    boxes, name = boxes_of(context), context.run.folder.name
    write_text(args.root / PAGE, render("inspection/structure.html", run=name, boxes=boxes))
    log("inspect", " -> ".join(title for title, _ in boxes))
    log("", f"report    {PAGE}")


def boxes_of(context: RunContext) -> list[Box]:
    """The boxes of the picture, from the raw columns to the prediction."""
    model, fitted = context.model, context.model.preprocessor
    types = [context.schema.columns[name].type for name in model.columns]
    rows = context.train.head(1)[list(model.columns)]
    added = [name for name in add_features(rows).columns if name not in rows.columns]
    n_numbers, n_features = len(fitted.numbers_["names"]), len(fitted.feature_names_)
    encoded = [f"{n_numbers} numbers", f"{n_features - n_numbers} flags and categories"]
    boxes = [
        (f"{len(types)} columns", [f"{one}: {types.count(one)}" for one in sorted(set(types))]),
        ("add_features", [f"adds {name}" for name in added] or ["adds no column"]),
        ("Preprocessor", [*encoded, f"as a matrix of {n_features} columns"]),
        (type(model.estimator).__name__, _lines(model.estimator)),
    ]
    if model.target:
        boxes.append(("target", [f"back from power {model.target.power:g}"]))
    return [*boxes, ("prediction", list(model.classes or ["a number"]))]


def _lines(estimator: Any) -> list[str]:
    """The parameters that differ from their defaults, and how many trees there are."""
    lines = [repr(estimator)] if hasattr(estimator, "get_params") else []
    n_trees = len(getattr(estimator, "estimators_", []))
    return [*lines, f"{n_trees} estimators fitted"] if n_trees else lines
