"""Draw the steps of the model on a page."""

import argparse
import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..executor.context import RunContext
from ..model.features import add_features
from ..model.store import DESCRIPTION, read_description
from ..utils.files import read_json
from ..utils.logs import log
from .context import add_run, context_of, write

ONNX = "model.onnx"  # `export` of the service writes it beside a registered model
MAX_NODES, MAX_LISTED = 40, 6
# Attribute of a fitted estimator -> what it counts.
PARTS = {"estimators_": "trees", "n_iter_": "iterations", "n_features_in_": "inputs"}
Box = dict[str, Any]  # title, lines, inputs: numbers of boxes above
add_arguments = add_run


def run(args: argparse.Namespace) -> None:
    """Write reports/structure.json and .html."""
    context = context_of(args)
    boxes = steps(context)
    log("inspect", " -> ".join(box["title"] for box in boxes[:MAX_LISTED]))
    write(context, "structure", {"boxes": boxes})


def steps(context: RunContext) -> list[Box]:
    """The boxes of the picture from the top; each names those that it reads."""
    model, fitted = context.model, context.model.preprocessor
    kinds = [context.schema.columns[name].type for name in model.columns]
    counted = [f"{kind}: {kinds.count(kind)}" for kind in dict.fromkeys(kinds)]
    rows = context.train.head(1)[list(model.columns)]
    added = [name for name in add_features(rows).columns if name not in rows.columns]
    boxes = [_box(f"{len(kinds)} columns", counted)]
    if added:
        boxes.append(_box("add_features", added[:MAX_LISTED], 0))
    n_numbers, n_features = len(fitted.numbers_["names"]), len(fitted.feature_names_)
    lines = [f"{n_numbers} numbers, filled and scaled"]
    if n_features > n_numbers:
        lines.append(f"{n_features - n_numbers} flags and categories")
    boxes.append(_box("Preprocessor", [*lines, f"to float32 (n, {n_features})"], len(boxes) - 1))
    boxes += estimator_boxes(context, len(boxes))
    if model.target:
        boxes.append(_box("target", [f"back from power {model.target.power:g}"], len(boxes) - 1))
    result = ["a number"] if model.classes is None else list(model.classes[:MAX_LISTED])
    return [*boxes, _box("prediction", result, len(boxes) - 1)]


def estimator_boxes(context: RunContext, first: int) -> list[Box]:
    """The nodes of its ONNX graph where the model is registered and exported; else one box."""
    path = onnx_of(context)
    if path is not None:
        import onnx

        graph = onnx.load(path).graph
        if len(graph.node) <= MAX_NODES:
            return graph_boxes(graph, first)
    estimator = context.model.estimator
    plain = inspect.signature(type(estimator)).parameters
    given = estimator.get_params() if hasattr(estimator, "get_params") else {}
    changed = [n for n, value in given.items() if n in plain and plain[n].default != value]
    lines = [f"{name}: {given[name]}" for name in changed][:MAX_LISTED]
    for name, counted in PARTS.items():
        value = getattr(estimator, name, None)
        if value is not None:
            lines.append(f"{len(value) if hasattr(value, '__len__') else value} {counted}")
    return [_box(type(estimator).__name__, lines, first - 1)]


def onnx_of(context: RunContext) -> Path | None:
    """The exported file of this model, if there is one."""
    sha256 = read_description(context.run.folder)["sha256"]
    for path in sorted((context.root / "models").glob(f"*/{ONNX}")) if find_spec("onnx") else []:
        if read_json(path.with_name(DESCRIPTION))["sha256"] == sha256:
            return path
    return None


def graph_boxes(graph: Any, first: int) -> list[Box]:
    """A box for each node, which comes after those whose results it reads."""
    made = {one.name: first - 1 for one in graph.input}
    fixed = {one.name: "x".join(map(str, one.dims)) for one in graph.initializer}
    boxes = []
    for place, node in enumerate(graph.node, start=first):
        made |= dict.fromkeys(node.output, place)
        inputs = sorted({made[name] for name in node.input if name in made and name not in fixed})
        lines = [f"{name} ({fixed[name]})" for name in node.input if name in fixed]
        boxes.append(_box(f"ONNX {node.op_type}", lines[:MAX_LISTED], *inputs))
    return boxes


def _box(title: str, lines: list[str], *inputs: int) -> Box:
    return {"title": title, "lines": lines, "inputs": list(inputs)}
