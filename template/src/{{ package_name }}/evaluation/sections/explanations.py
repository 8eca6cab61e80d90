"""What drives the predictions: features in order, and ten rows told value by value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import figure, number, paragraph, table, text

ORDER = 55
TITLE = "What drives it"
N_SHOWN = 15
N_REASONS = 3


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Permutation importance with its floor, then single rows; after `explain` was run."""
    found = evaluation.get("understood", {}).get("explanations")
    if not found:
        return None
    return _importance(found) + _rows(found)


def _importance(found: Mapping[str, Any]) -> str:
    shown, floor = found["global"][:N_SHOWN], found["floor"]
    n_above = sum(one["importance"] > floor for one in found["global"])
    metric = text("Brier score" if found["metric"] == "brier" else found["metric"])
    said = (
        f"By how much the {metric} gets worse when one feature is shuffled, on {found['n_rows']:,} "
        f"rows of valid. The dotted line is what columns of random numbers reach: {n_above} of "
        f"{len(found['global'])} features do more. {_order(found)}"
    )
    numbers = [[text(one["feature"]), _digits(one["importance"]), _ends(one)] for one in shown]
    head = ["feature", "importance", ""]
    rest = len(found["global"]) - len(shown)
    note = f"The weakest {rest} are left out here. " if rest else ""
    warning = (
        "It tells what the model looks at, not what causes the outcome; of two features that say "
        "the same, either may be shuffled without harm."
    )
    return (
        paragraph(said)
        + figure(_bars(shown, floor), _layout(metric), table(head, numbers))
        + paragraph(f'<span class="quiet">{note}{warning}</span>')
    )


def _order(found: Mapping[str, Any]) -> str:
    correlation = found["rank_correlation"]
    if correlation is None:
        return ""
    correlation = round(correlation, 2) + 0.0  # "-0.00" is zero
    worth = (
        "the order holds"
        if correlation >= 0.8
        else "the order holds roughly"
        if correlation >= 0.5
        else "the order is mostly chance"
    )
    ranks = f"the ranks of {found['n_ranked']} features"
    return f"Between halves of the rows {ranks} correlate at {correlation:.2f}: {worth}."


def _bars(shown: list[dict[str, Any]], floor: float) -> list[dict[str, Any]]:
    turned = shown[::-1]  # plotly draws the first bar at the bottom
    names = [one["feature"] for one in turned]
    colours = ["--model" if one["importance"] > floor else "--baseline" for one in turned]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [one["importance"] for one in turned],
        "y": names,
        "marker": {"color": colours},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [one["high"] - one["importance"] for one in turned],
            "arrayminus": [one["importance"] - one["low"] for one in turned],
            "color": "--ink",
            "thickness": 1,
            "width": 3,
        },
    }
    line = {"type": "scatter", "mode": "lines", "x": [floor, floor], "y": [names[0], names[-1]]}
    return [bars, line | {"line": {"color": "--bad", "dash": "dot", "width": 2}}]


def _layout(metric: str) -> dict[str, Any]:
    return {
        "showlegend": False,
        "bargap": 0.35,
        "xaxis": {"title": {"text": f"{metric}, worse by"}},
        "yaxis": {"type": "category", "tickfont": {"size": 12}},
    }


def _digits(value: float) -> str:
    return f"{value:.3g}"


def _ends(one: Mapping[str, float]) -> str:
    return f'<span class="bounds">[{_digits(one["low"])}, {_digits(one["high"])}]</span>'


def _rows(found: Mapping[str, Any]) -> str:
    rows = found["rows"]
    if not rows:
        return ""
    is_class = rows[0]["class"] is not None
    of = "log-odds of the class that is said" if is_class else "the unit of the target"
    said = (
        f"Ten rows of valid: first the three worst, then others from one end of the predictions to "
        f"the other. Numbers are steps in {of}, from the reference row (medians and commonest "
        f"values of train) to this one; all steps add up to the difference of the two."
    )
    for_it, against_it = ("towards it", "against it") if is_class else ("more", "less")
    head = ["row", "true", "said", for_it, against_it, "all steps"]
    body = [
        [
            text(row["row"]),
            _shown(row["y_true"]),
            _shown(row["y_pred"]),
            _reasons(row, 1),
            _reasons(row, -1),
            _digits(row["prediction"] - row["reference"]),
        ]
        for row in rows
    ]
    return (
        f"<h3>Single rows</h3>{paragraph(said)}"
        f'<div class="scroll">{table(head, body, n_text=5)}</div>'
    )


def _reasons(row: Mapping[str, Any], sign: int) -> str:
    steps = [one for one in row["contributions"] if one["contribution"] * sign > 0]
    return "<br>".join(
        f"{text(one['feature'])} <strong>{one['contribution']:+.2f}</strong>"
        if abs(one["contribution"]) < 100
        else f"{text(one['feature'])} <strong>{one['contribution']:+,.0f}</strong>"
        for one in steps[:N_REASONS]
    )


def _shown(value: object) -> str:
    return number(value) if isinstance(value, float) else text(value)
