"""The page of all runs: the metric with its interval over time, and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .page import figure, interval, table, text, uncut

Lines = Sequence[Mapping[str, Any]]
COLOURS = ("--model", "--train", "--good", "--bad", "--baseline")


def parts(metric: str, runs: Lines) -> list[tuple[str, str, str]]:
    """runs: run, command, model, part, value (with low and high) and parameters; oldest first."""
    words = metric.replace("_", " ")
    return [
        ("course", f"{words}, run by run", _course(words, runs)),
        ("runs", "Runs", _table(runs)),
    ]


def _course(words: str, runs: Lines) -> str:
    """One colour a command and part: values on other rows are not one series."""
    series: dict[str, list[Mapping[str, Any]]] = {}
    for one in runs:
        series.setdefault(f"{one['command']}, on {one['part']}", []).append(one)
    traces = [
        _trace(name, series[name], COLOURS[place % len(COLOURS)])
        for place, name in enumerate(series)
    ]
    layout = {
        # In the order of time; by moments hundreds of trials would hide in one column.
        "xaxis": {"type": "category", "categoryarray": [one["run"] for one in runs], "nticks": 8},
        "yaxis": {"title": {"text": words}},
    }
    numbers = table(["run", words], [[text(o["run"]), interval(o["value"])] for o in runs])
    return figure(traces, layout, numbers)


def _trace(name: str, runs: Lines, colour: str) -> dict[str, Any]:
    values = [one["value"] for one in runs]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": text(name),
        "x": [one["run"] for one in runs],
        "y": [value["value"] for value in values],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [value["high"] - value["value"] for value in values],
            "arrayminus": [value["value"] - value["low"] for value in values],
            "color": colour,
            "thickness": 1,
            "width": 0,
        },
        "marker": {"color": colour, "size": 8},
    }


def _table(runs: Lines) -> str:
    rows = [
        [
            uncut(f"<code>{text(one['run'])}</code>"),
            text(one["command"]),
            text(one["model"]),
            text(", ".join(f"{key}={_short(value)}" for key, value in one["parameters"].items())),
            uncut(interval(one["value"])),
        ]
        for one in reversed(runs)
    ]
    head = ["run", "command", "model", "parameters", "value"]
    return f'<div class="scroll">{table(head, rows, n_text=4)}</div>'


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
