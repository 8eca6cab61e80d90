"""The model beside the one in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import interval, paragraph, text

ORDER = 15
TITLE = "Against the champion"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Better, worse or not to be told apart, on the same rows; or why they cannot be compared."""
    found = evaluation.get("champion")
    if not found:
        return None
    name = f"version {text(found['version'])}"
    if "run" in found:
        name += f" ({text(found['model'])}, run {text(found['run'])})"
    if why := found.get("why_not"):
        said = f'<strong class="bad">Not compared</strong> with {name}: {text(why)}.'
        return paragraph(said)
    metric, gain = text(found["metric"].replace("_", " ")), interval(found["difference"])
    said = f"{_verdict(found['difference'])} {name}: {gain} {metric}, where above 0 is better."
    changed = f"{found['share_changed']:.1%} of {found['n_rows']:,} rows would get another answer."
    return paragraph(said) + paragraph(changed)


def _verdict(difference: Mapping[str, float]) -> str:
    if difference["low"] > 0:
        return 'The model is <strong class="good">better</strong> than'
    if difference["high"] < 0:
        return 'The model is <strong class="bad">worse</strong> than'
    return "The model is <strong>not told apart</strong> from"
