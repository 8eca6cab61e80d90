"""Which class is taken for which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import paragraph, text

ORDER = 40
TITLE = "Confusion matrix"


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Counts, shaded by their share of the true class; classification only."""
    confusion = evaluation.get("confusion")
    if not confusion:
        return None
    classes = [text(name) for name in confusion["classes"]]
    head = "".join(f'<th class="number">{name}</th>' for name in classes)
    body = "".join(
        f"<tr><th>{name}</th>{_cells(row, place)}</tr>"
        for place, (name, row) in enumerate(zip(classes, confusion["counts"], strict=True))
    )
    return (
        paragraph('<span class="quiet">Rows: what is true. Columns: what the model says.</span>')
        + f'<div class="scroll"><table class="heat"><thead><tr><th>true \\ said</th>{head}'
        f'<th class="number">found</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cells(row: list[int], place: int) -> str:
    total = sum(row)
    cells = "".join(
        f'<td class="cell" style="background: color-mix(in srgb, '
        f"var(--{'good' if column == place else 'bad'}) {_shade(count, total)}%, "
        f'var(--panel))">{count:,}</td>'
        for column, count in enumerate(row)
    )
    found = f"{row[place] / total:.1%}" if total else "&ndash;"
    return f'{cells}<td class="number">{found}</td>'


def _shade(count: int, total: int) -> int:
    """Share in percent, held below 60 so that the number stays legible in light and dark."""
    return round(60 * count / total) if total else 0
