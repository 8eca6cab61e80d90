"""The slices that have a floor, and how far above or below it they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import number, paragraph, table, text

ORDER = 61
TITLE = "Slice floors"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """One row a slice, the one that misses its floor by most first."""
    found = evaluation.get("slice_floors")
    if not found:
        return None
    missed = [one for one in found["slices"] if one["margin"] < 0]
    verdict = (
        f'<strong class="bad">{len(missed)} of {len(found["slices"])} slices miss</strong> their'
        if missed
        else f'All {len(found["slices"])} slices <strong class="good">hold</strong> their'
    )
    least = f"Slices of fewer than {found['min_rows']} rows are not judged."
    said = f"{verdict} floor of conf/gates.yaml. {least}"
    head = ["column", "value", "rows", evaluation["metric"].replace("_", " "), "floor", "above it"]
    rows = [
        [
            text(one["column"]),
            text(one["value"]),
            f"{one['n_rows']:,}",
            number(one["value_of_metric"]),
            number(one["floor"]),
            number(one["margin"]),
        ]
        for one in found["slices"]
    ]
    return paragraph(said) + f'<div class="scroll">{table(head, rows, n_text=2)}</div>'
