"""The answer first: the chosen metric, beside the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import bounds, interval, number, paragraph, text

ORDER = 10
TITLE = "Summary"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """The headline, and whether the difference to the baseline could be chance."""
    metric = evaluation["metric"]
    found = evaluation["metrics"][metric]
    baseline = evaluation["baseline"]
    model = text(run.get("model", {}).get("name", "model"))
    rows = f"{evaluation['n_rows']} rows of {text(evaluation.get('split', 'test'))}"
    return (
        f'<div class="headline"><small>{text(metric.replace("_", " "))} of {model} on {rows}'
        f"</small>{number(found['value'])} {bounds(found)}</div>"
        + paragraph(_against(evaluation, baseline, metric))
        + _curve(evaluation)
    )


def _against(evaluation: Mapping[str, Any], baseline: Mapping[str, Any], metric: str) -> str:
    difference = evaluation["beats_baseline"]
    better = "higher" if evaluation["higher_is_better"] else "lower"
    value = number(baseline["metrics"][metric]["value"])
    said = f"The baseline ({text(baseline['name'])}) has {value}; {better} is better. "
    gain = interval(difference)
    if difference["low"] > 0:
        return f'{said}The model is <strong class="good">better by {gain}</strong>.'
    if difference["high"] < 0:
        return f'{said}The model is <strong class="bad">worse by {gain}</strong>.'
    return f'{said}The difference, {gain}, <strong class="bad">could be chance</strong>.'


def _curve(evaluation: Mapping[str, Any]) -> str:
    sentence = evaluation.get("learning_curve", {}).get("sentence")
    return "" if not sentence else paragraph(f"Learning curve: {text(sentence)}.")
