"""What more rows would bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import figure, number, paragraph, table, text

ORDER = 30
TITLE = "Learning curve"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Scores on growing shares of the train part, and the verdict in words."""
    curve = evaluation.get("learning_curve")
    if not curve:
        return None
    verdict = f"<strong>{text(curve['verdict'])}</strong>: {text(curve['sentence'])}."
    numbers = [
        [f"{n_rows:,}", number(train), number(valid)]
        for n_rows, train, valid in zip(
            curve["n_rows"], curve["train"], curve["valid"], strict=True
        )
    ]
    layout = {
        "xaxis": {"title": {"text": "rows fitted"}},
        "yaxis": {"title": {"text": evaluation["metric"].replace("_", " ")}},
    }
    traces = [_trace(curve, "train", "--train"), _trace(curve, "valid", "--model")]
    drawing = figure(traces, layout, table(["rows fitted", "train", "valid"], numbers, n_text=0))
    return paragraph(verdict) + drawing


def _trace(curve: Mapping[str, Any], part: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": part,
        "x": curve["n_rows"],
        "y": curve[part],
        "line": {"color": colour, "width": 2},
    }
