"""Whether each feature earns its keep: the model fitted again without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import paragraph, table, text, whisker

ORDER = 56
TITLE = "Leaving features out"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """What each costs when it is left out, the dearest first; after `ablate` was run."""
    found = evaluation.get("understood", {}).get("ablation")
    if not found:
        return None
    units = sorted(found["units"], key=lambda unit: -unit["cost"]["fine"]["value"])
    fine = [unit["cost"]["fine"] for unit in units]
    scale = min(0.0, *(one["low"] for one in fine)), max(0.0, *(one["high"] for one in fine))
    metric = text("Brier score" if found["metric"] == "brier" else found["metric"])
    head = ["left out", "", f"{metric}, worse by", text(found["steering"].replace("_", " ")), ""]
    rows = [_row(unit, scale, found["drop"]) for unit in units]
    said = (
        f"The model was fitted {found['n_refits']} times again, each time without something, and "
        f"compared on the {found['n_rows']:,} rows of valid, row by row. Right of the dotted line "
        f"the model is worse without it."
    )
    return (
        paragraph(said)
        + paragraph(_together(found))
        + f'<div class="scroll">{table(head, rows, n_text=2)}</div>'
    )


def _row(unit: Mapping[str, Any], scale: tuple[float, float], dropped: list[str]) -> list[str]:
    cost = unit["cost"]["fine"]
    verdict = "can go" if set(unit["features"]) <= set(dropped) else ""
    if cost["low"] > 0:
        verdict = '<strong class="good">earns its keep</strong>'
    members = f' title="{text(", ".join(unit["features"]))}"' if len(unit["features"]) > 1 else ""
    return [
        f"<span{members}>{text(unit['name'])}</span>",
        whisker(cost, scale, 0.0),
        f"{cost['value']:+.3g}",
        f"{unit['cost']['steering']['value']:+.3f}",
        verdict,
    ]


def _together(found: Mapping[str, Any]) -> str:
    names = found["drop"]
    if not names:
        tried = found["n_refits"] > len(found["units"])
        also = ": those that do little alone do something together" if tried else ""
        return f"<strong>No feature can go</strong>{also}."
    cost = found["together"]["fine"]
    bounds = f"[{cost['low']:+.3g}, {cost['high']:+.3g}]"
    return (
        f"<strong>{len(names)} can go, all at once</strong>: without {text(', '.join(names))} the "
        f"change is {cost['value']:+.3g} {bounds}, no more than one standard error."
    )
