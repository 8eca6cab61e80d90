"""Every metric of the model beside the baseline and the train part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import interval, number, paragraph, table, text

ORDER = 20
TITLE = "Metrics"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """One row a metric; train far ahead of test is over-fitting."""
    train, baseline = evaluation.get("train", {}), evaluation["baseline"]["metrics"]
    rows = [
        [
            text(name.replace("_", " ")),
            interval(found),
            interval(baseline[name]) if name in baseline else "&ndash;",
            number(train.get(name)),
        ]
        for name, found in evaluation["metrics"].items()
    ]
    head = ["metric", "test", f"baseline ({text(evaluation['baseline']['name'])})", "train"]
    share = f"{evaluation.get('level', 0.95):.0%}"
    note = f"In brackets: {share} of bootstrap resamples of the rows lie inside."
    return paragraph(f'<span class="quiet">{note}</span>') + table(head, rows)
