"""One self-contained page about the log: reports/monitoring.html."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..evaluation.report import render
from ..utils.files import write_text

PAGE = Path("reports", "monitoring.html")
WIDTH, HEIGHT, LEFT, EDGE = 640, 130, 44, 10
N_SHOWN = 12  # columns of the table of drift
Values = Sequence[float | None]


def write_page(root: Path, report: Mapping[str, Any]) -> None:
    """Write the page; it loads nothing, so it can be sent as it is."""
    table, every = drift_table(report["windows"]), charts(report)
    values = {"report": report, "drift": table, "charts": every}
    page = render("monitoring/monitoring.html", **values, width=WIDTH, height=HEIGHT)
    write_text(root / PAGE, page)


def charts(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One chart a number, over the windows."""
    windows, found = report["windows"], report["quality"]
    by_window = [one.get("quality") or {} for one in windows]
    ends = [[one.get(end) for one in by_window] for end in ("low", "high")]
    true = [one.get("value") for one in by_window]
    limit = found["floor"] if found["floor"] is not None else found["of_test"]["low"]
    every = [
        chart(f"Quality on labelled rows: {found['metric']}", windows, true, ends, limit),
        chart("Accuracy as the probabilities promise it", windows, _of(windows, "estimate")),
        chart("Predictions", windows, _of(windows, "n")),
        chart("Predictions by the fallback", windows, _of(windows, "fallback")),
        chart("Latency, 95th percentile, ms", windows, _of(windows, "p95_ms")),
    ]
    return [one for one in every if one["points"]]


def chart(
    title: str,
    windows: Sequence[Mapping[str, Any]],
    values: Values,
    ends: Sequence[Values] = (),
    limit: float | None = None,
) -> dict[str, Any]:
    """Where the marks lie, in pixels. ends: of the intervals. limit: a line to compare with."""
    every = [one for row in (values, *ends, [limit]) for one in row if one is not None]
    low, high = min(every, default=0.0), max(every, default=1.0)
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
    step = (WIDTH - LEFT - EDGE) / max(len(windows) - 1, 1)

    def x(place: int) -> float:
        return LEFT + place * step

    def y(value: float) -> float:
        return EDGE + (high - value) / (high - low) * (HEIGHT - 2 * EDGE)

    lows, highs = ends or (values, values)
    points = [
        {"x": x(place), "y": y(value), "low": y(below or value), "high": y(above or value)}
        | {"text": f"{windows[place]['start'][:16]}: {value:.4g}"}
        for place, (value, below, above) in enumerate(zip(values, lows, highs, strict=True))
        if value is not None
    ]
    shown = {"title": title, "points": points, "bottom": f"{low:.3g}", "top": f"{high:.3g}"}
    edges = {"first": windows[0]["start"][:10], "last": windows[-1]["start"][:10]}
    return {**shown, **edges, "limit": None if limit is None else y(limit)}


def drift_table(windows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The columns with the largest index, and their cells by window."""
    judged = [one for one in windows if one["drift"]]
    largest: dict[str, float] = {}
    for one in judged:
        for name, index in one["drift"]["psi"].items():
            largest[name] = max(index, largest.get(name, 0.0))
    names = sorted(largest, key=lambda name: -largest[name])[:N_SHOWN]
    return [{"column": name, "cells": [_cell(one, name) for one in judged]} for name in names]


def _cell(window: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = window["drift"]
    index = found["psi"].get(name)
    shade = 0.0 if index is None else min(index, 1.0)
    against = " and ".join(found["moved"].get(name, []))
    text = f"{window['start'][:16]}: psi {0 if index is None else index:.3f}"
    text += f", moved from {against}" if against else ""
    return {"shade": round(shade, 2), "rings": name in found["rings"], "text": text}


def _of(windows: Sequence[Mapping[str, Any]], name: str) -> list[float | None]:
    return [one[name] for one in windows]
