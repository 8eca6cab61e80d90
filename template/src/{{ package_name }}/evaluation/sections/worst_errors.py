"""The rows to look at first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import number, paragraph, table, text

ORDER = 70
TITLE = "Worst errors"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """The rows that went most wrong: often the label is wrong, or a case nobody thought of."""
    errors = evaluation.get("worst_errors")
    if errors is None:
        return None
    if not errors:
        return paragraph("No row is wrong. Before celebrating, look for leakage.")
    last = "error" if "error" in errors[0] else "score_of_truth"
    head = ["row", "true", "said", "error" if last == "error" else "probability of the truth"]
    rows = [
        [text(one["row"]), _shown(one["y_true"]), _shown(one["y_pred"]), number(one.get(last))]
        for one in errors
    ]
    n_text = 1 if last == "error" else 3
    said = "Look them up by row id: a wrong label, a broken sensor, or a case nobody thought of?"
    return paragraph(said) + table(head, rows, n_text=n_text)


def _shown(value: object) -> str:
    return number(value) if isinstance(value, float) else text(value)
