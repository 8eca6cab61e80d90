"""Columns that are not in valid or test what they are in train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import figure, number, paragraph, table, text

ORDER = 65
TITLE = "Drift between the parts"
MAX_ROWS = 12


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """The columns that moved farthest from train, worst first, and the worst of them drawn."""
    found = evaluation.get("drift")
    if not found:
        return None
    every = [(part, one) for part, columns in found["parts"].items() for one in columns]
    every.sort(key=lambda pair: (not pair[1]["moved"], -pair[1]["psi"]))
    if not every:
        return None
    n_columns = len({one["column"] for _, one in every})
    said = (
        f"{_verdict(every)} Each of {n_columns} columns, the target among them, is compared with "
        f"train, worst first. Moved: the test is significant at {found['level']:g} once adjusted "
        f"for the number of columns, and the population stability index is above "
        f"{found['worth_a_look']:g}. On few rows chance alone moves the index; its column says "
        f"how far."
    )
    head = ["column", "part", "", "index", "by chance below", "test", "adjusted p"]
    rows = [_row(part, one) for part, one in every[:MAX_ROWS]]
    body = f'<div class="scroll">{table(head, rows, n_text=3)}</div>'
    return paragraph(said) + body + _drawn(*every[0])


def _verdict(every: list[tuple[str, dict[str, Any]]]) -> str:
    moved = [f"{text(one['column'])} in {text(part)}" for part, one in every if one["moved"]]
    if not moved:
        return '<strong class="good">No column moved.</strong>'
    more = f" and {len(moved) - 5} more" if len(moved) > 5 else ""
    return f'<strong class="bad">Moved: {", ".join(moved[:5])}{more}.</strong>'


def _row(part: str, one: Mapping[str, Any]) -> list[str]:
    return [
        text(one["column"]),
        text(part),
        '<strong class="bad">moved</strong>' if one["moved"] else "",
        number(one["psi"]),
        number(one["psi_by_chance"]),
        f"{text(one['test'])} {number(one['statistic'])}",
        f"{one['p_adjusted']:.2g}",
    ]


def _drawn(part: str, one: Mapping[str, Any]) -> str:
    """Shares of the rows by bin, in train and in the part."""
    shown = [
        (name, before, after)
        for name, before, after in zip(one["bins"], one["before"], one["after"], strict=True)
        if before or after
    ]
    names = [name for name, _, _ in shown]
    traces = [
        {"type": "bar", "name": "train", "x": names, "y": [before for _, before, _ in shown]}
        | {"marker": {"color": "--baseline"}},
        {"type": "bar", "name": part, "x": names, "y": [after for _, _, after in shown]}
        | {"marker": {"color": "--model"}},
    ]
    layout = {
        "xaxis": {"title": {"text": one["column"]}, "type": "category"},
        "yaxis": {"title": {"text": "share of rows"}, "tickformat": ".0%"},
        "barmode": "group",
    }
    rows = [[text(name), f"{before:.1%}", f"{after:.1%}"] for name, before, after in shown]
    return figure(traces, layout, table([text(one["column"]), "train", text(part)], rows))
