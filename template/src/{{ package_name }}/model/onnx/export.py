"""Write a fitted Pipeline as one ONNX file: numbers and texts in, answers in our order out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...utils.files import replacing
from ..features import Columns
from .estimators import ESTIMATORS
from .features import features
from .graph import Graph

MODEL = "model.onnx"


def export(model: Any, columns: Columns, classes: Sequence[str] | None, path: Path) -> None:
    """Write `model`, a Pipeline as `pipeline.build` makes it, fitted.

    Inputs: `numbers` (n_rows, n_numeric), `texts` (n_rows, n_texts); one that the model has no
    column for is left out. Output: probabilities in the order of `classes`, or predictions.
    Raises ValueError for an estimator that has no graph.
    """
    estimator = model.named_steps["estimator"]
    kind = type(estimator).__name__
    if kind not in ESTIMATORS:
        raise ValueError(f"{kind} has no graph; there are {', '.join(ESTIMATORS)}")
    graph = Graph()
    given = features(graph, model.named_steps["features"], columns)
    answer = ESTIMATORS[kind](graph, estimator, given)
    known = None if classes is None else [str(label) for label in estimator.classes_]
    answer = _in_order(graph, answer, known, classes)
    notes = {"classes": json.dumps(classes), "known": json.dumps(known)}
    width = None if classes is None else len(classes)
    content = graph.model(_inputs(columns), answer, width, notes).SerializeToString()
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _inputs(columns: Columns) -> dict[str, int]:
    n_texts = len(columns.categories)
    widths = {"numbers": len(columns.names) - n_texts, "texts": n_texts}
    return {name: width for name, width in widths.items() if width}


def _in_order(
    graph: Graph, answer: str, known: list[str] | None, classes: Sequence[str] | None
) -> str:
    """Columns as `classes` names them; 0 for a class that the model never saw."""
    if known is None or classes is None:
        return graph.add("Reshape", answer, graph.constant(np.array([-1], dtype=np.int64)))
    if known == list(classes):
        return answer
    places = np.zeros((len(known), len(classes)))
    places[np.arange(len(known)), [list(classes).index(label) for label in known]] = 1.0
    return graph.add("MatMul", answer, graph.constant(places))
