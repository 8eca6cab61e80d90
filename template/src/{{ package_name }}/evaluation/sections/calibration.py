"""Whether a stated probability, or number, can be taken at its word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import figure, interval, number, paragraph, table, text

ORDER = 50
TITLE = "Calibration"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Stated against seen; points on the diagonal keep their word."""
    found = evaluation.get("calibration")
    if not found:
        return None
    bins = found["bins"]
    rows = [
        [
            f"{number(one['from'])} to {number(one['to'])}",
            f"{one['n_rows']:,}",
            number(one["stated"]),
            interval({"value": one["seen"], "low": one["low"], "high": one["high"]}),
        ]
        for one in bins
    ]
    head = ["stated", "rows", "stated, mean", "seen, mean"]
    said = f"On average, what is stated and what is seen differ by {_error(found)}."
    return paragraph(said) + figure(_traces(bins), _layout(found), table(head, rows))


def _error(found: Mapping[str, Any]) -> str:
    error = number(found["expected_error"])
    if found["of"] == "value":
        return f"{error} in the target's unit"
    return f"{error} (expected calibration error of the {text(found['of'])})"


def _traces(bins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen = [one["seen"] for one in bins]
    stated = [one["stated"] for one in bins]
    ends = [min(stated + seen), max(stated + seen)]
    diagonal = {"type": "scatter", "mode": "lines", "name": "as stated", "x": ends, "y": ends}
    points = {"type": "scatter", "mode": "markers", "name": "seen", "x": stated, "y": seen}
    error = {
        "type": "data",
        "symmetric": False,
        "array": [one["high"] - one["seen"] for one in bins],
        "arrayminus": [one["seen"] - one["low"] for one in bins],
        "color": "--model",
        "thickness": 1.5,
    }
    return [
        diagonal | {"line": {"color": "--baseline", "dash": "dot"}},
        points | {"marker": {"color": "--model", "size": 9}, "error_y": error},
    ]


def _layout(found: Mapping[str, Any]) -> dict[str, Any]:
    if found["of"] == "value":
        return {
            "xaxis": {"title": {"text": "mean prediction"}},
            "yaxis": {"title": {"text": "mean truth"}},
        }
    return {
        "xaxis": {"title": {"text": "stated probability"}, "range": [-0.03, 1.03]},
        "yaxis": {"title": {"text": "came true"}, "range": [-0.03, 1.03]},
    }
