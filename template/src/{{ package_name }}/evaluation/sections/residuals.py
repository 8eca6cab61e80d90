"""Where a regression errs: too high, too low, or more at one end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import figure, number, paragraph, table

ORDER = 45
TITLE = "Residuals"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Error against prediction; a cloud without a shape is what one hopes for."""
    found = evaluation.get("residuals")
    if not found:
        return None
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": found["y_pred"],
        "y": found["error"],
        "marker": {"color": "--model", "opacity": 0.65, "size": 7},
    }
    layout = {
        "showlegend": False,
        "xaxis": {"title": {"text": "prediction"}},
        "yaxis": {"title": {"text": "prediction minus truth"}, "zerolinecolor": "--quiet"},
    }
    quantiles = found["quantiles"]
    numbers = table(["share of rows below", "error"], _rows(quantiles))
    said = (
        f"Half of the errors lie between {number(quantiles['0.25'])} and "
        f"{number(quantiles['0.75'])}; above zero the model says too much."
    )
    return paragraph(said) + figure([trace], layout, numbers)


def _rows(quantiles: Mapping[str, float]) -> list[list[str]]:
    return [[f"{float(share):.0%}", number(value)] for share, value in quantiles.items()]
