"""The parts of a report page: numbers, tables, interval bars, figures; all as HTML text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WHISKER_WIDTH = 160


def number(value: float | None) -> str:
    """A number for a reader: three decimals below 10, about four digits above, a dash for none."""
    if value is None:
        return "&ndash;"
    # Adding zero turns "-0.000" into "0.000".
    if abs(value) < 10:
        return f"{round(value, 3) + 0.0:.3f}"
    return f"{value:#.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def interval(found: Mapping[str, float | None]) -> str:
    """`0.972 [0.938, 1.000]` from a dictionary with value, low and high."""
    return f"{number(found['value'])} {bounds(found)}"


def bounds(found: Mapping[str, float | None]) -> str:
    """`[0.938, 1.000]`; nothing where there is no value."""
    if found["low"] is None:
        return ""
    return f'<span class="bounds">[{number(found["low"])}, {number(found["high"])}]</span>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, n_text: int = 1) -> str:
    """A table of cells that are HTML already; n_text columns of text come first, then numbers."""

    def cell(tag: str, place: int, content: str) -> str:
        kind = "" if place < n_text else ' class="number"'
        return f"<{tag}{kind}>{content}</{tag}>"

    def line(tag: str, cells: Sequence[str]) -> str:
        return f"<tr>{''.join(cell(tag, place, text) for place, text in enumerate(cells))}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', head)}</thead><tbody>{body}</tbody></table>"


def whisker(found: Mapping[str, float | None], scale: tuple[float, float], mark: float) -> str:
    """An interval drawn on a scale, with a tick where everything together lies; needs no script."""
    low, value, high = found["low"], found["value"], found["high"]
    if low is None or value is None or high is None:
        return ""

    def x(at: float) -> float:
        share = (at - scale[0]) / ((scale[1] - scale[0]) or 1.0)
        return round(4 + min(max(share, 0.0), 1.0) * (WHISKER_WIDTH - 8), 1)

    return (
        f'<svg class="whisker" width="{WHISKER_WIDTH}" height="16" aria-hidden="true">'
        f'<line class="mark" x1="{x(mark)}" x2="{x(mark)}" y1="0" y2="16"/>'
        f'<line class="range" x1="{x(low)}" x2="{x(high)}" y1="8" y2="8"/>'
        f'<circle cx="{x(value)}" cy="8" r="4"/></svg>'
    )


def figure(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], numbers: str) -> str:
    """A plotly figure with the table of its numbers, which is all that shows without scripts.

    Colours are names of the style sheet (`--model`), so that a figure follows light and dark.
    """
    # "<" is escaped: a label that holds "</script>" would otherwise end the island.
    island = json.dumps({"data": traces, "layout": layout}, allow_nan=False).replace("<", "\\u003c")
    return (
        f'<div class="figure"><script type="application/json">{island}</script></div>'
        f"<details><summary>The numbers</summary>{numbers}</details>"
    )


def text(value: object) -> str:
    """Any value as HTML text."""
    return escape(str(value))


def uncut(content: str) -> str:
    """HTML that stays on one line, such as a name or an interval in a narrow table."""
    return f'<span style="white-space:nowrap">{content}</span>'


def paragraph(content: str) -> str:
    """One paragraph of HTML."""
    return f"<p>{content}</p>"
