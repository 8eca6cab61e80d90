"""Whom the model serves worse, and which features give groups away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import bounds, interval, number, paragraph, table, text, whisker

ORDER = 62
TITLE = "Groups of people"
N_PROXIES = 8
# As the checklist asks for: below, a rate is an anecdote.
LEAST_TRAIN, LEAST_POSITIVE = 100, 20


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """The rate of each group, the widest gap, the likeliest proxies; after `fairness` was run."""
    found = evaluation.get("understood", {}).get("fairness")
    if not found:
        return None
    return paragraph(_gap(found)) + _groups(found) + _proxies(found)


def _gap(found: Mapping[str, Any]) -> str:
    metric = text(found["metric"].replace("_", " "))
    of = f" of {text(found['positive'])}" if found["about_positive"] else ""
    about = f"The {metric}{of} on {found['n_rows']:,} rows of valid. "
    gap = found["gap"]
    if gap is None:
        return f'{about}<strong class="bad">No two groups have enough rows to be compared.</strong>'
    within = gap["value"] <= found["max_gap"]
    kind, word = ("good", "within") if within else ("bad", "more than")
    return (
        f"{about}The widest gap, {interval(gap)}, is between {text(gap['column'])} "
        f"{text(gap['lowest'])} and {text(gap['highest'])}: "
        f'<strong class="{kind}">{word} the {found["max_gap"]:g}</strong> that was agreed. '
        f"Chance alone parts groups that are equal, so a gap of few rows leans upwards."
    )


def _groups(found: Mapping[str, Any]) -> str:
    groups = found["groups"]
    ends = [one[end] for one in groups for end in ("low", "high") if one[end] is not None]
    scale = (min(ends), max(ends)) if ends else (0.0, 1.0)
    rates = [one["rate"] for one in groups if one["rate"] is not None]
    mark = sum(rates) / len(rates) if rates else 0.0
    rows = []
    for one in groups:
        value = {"value": one["rate"], "low": one["low"], "high": one["high"]}
        few = one["n_train"] < LEAST_TRAIN or one["n_positive"] < LEAST_POSITIVE
        rows.append(
            [
                text(one["column"]),
                text(one["value"]),
                whisker(value, scale, mark),
                f"{number(one['rate'])}&nbsp;{bounds(value)}",
                f"{one['n_rows']:,}",
                f"{one['n_train']:,}",
                "few: an anecdote" if few else "",
            ]
        )
    head = ["column", "group", "", "rate", "rows behind", "in train", ""]
    return f'<div class="scroll">{table(head, rows, n_text=3)}</div>'


def _proxies(found: Mapping[str, Any]) -> str:
    shown = sorted(found["proxies"], key=lambda one: -float(one["auc"]))[:N_PROXIES]
    if not shown:
        return ""
    reasons, limit = found["kept_because"], found["max_auc"]
    rows = [
        [
            text(one["feature"]),
            text(one["attribute"]),
            _verdict(one, limit, reasons),
            number(one["auc"]),
        ]
        for one in shown
    ]
    said = (
        f"<strong>What gives a group away.</strong> How well one feature alone tells the group: "
        f"0.5 is a guess, above {limit:g} it stands in for the column."
    )
    return paragraph(said) + table(["feature", "tells", "", "auc"], rows, n_text=3)


def _verdict(one: Mapping[str, Any], limit: float, reasons: Mapping[str, str]) -> str:
    if one["auc"] <= limit:
        return ""
    reason = reasons.get(one["feature"])
    return f"kept: {text(reason)}" if reason else '<strong class="bad">unexplained</strong>'
