"""Groups of rows for which the model does worse than its average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import bounds, number, paragraph, table, text, whisker

ORDER = 60
TITLE = "Slices"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """One row a slice, worst first, with its number of rows and its interval."""
    slices = evaluation.get("slices")
    if not slices:
        return None
    overall = evaluation["metrics"][evaluation["metric"]]["value"]
    scale = _scale(slices, overall)
    head = ["column", "value", "", "rows", evaluation["metric"].replace("_", " "), ""]
    rows = [_row(one, scale, overall) for one in slices]
    said = (
        f"Worst first; the dotted line is all rows together, {number(overall)}. "
        "A wide interval is a slice with too few rows to tell, a dash one with too few to try."
    )
    return paragraph(said) + f'<div class="scroll">{table(head, rows, n_text=3)}</div>'


def _row(one: Mapping[str, Any], scale: tuple[float, float], overall: float) -> list[str]:
    found = {"value": one["value_of_metric"], "low": one["low"], "high": one["high"]}
    return [
        text(one["column"]),
        text(one["value"]),
        whisker(found, scale, overall),
        f"{one['n_rows']:,}",
        number(one["value_of_metric"]),
        bounds(found),
    ]


def _scale(slices: list[dict[str, Any]], overall: float) -> tuple[float, float]:
    ends = [one[end] for one in slices for end in ("low", "high") if one[end] is not None]
    return min([*ends, overall]), max([*ends, overall])
