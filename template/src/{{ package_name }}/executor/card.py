"""Fill the numbers of the model card, which nobody should type."""

from pathlib import Path
from typing import Any

from ..utils.files import write_text

CARD = Path("docs", "model-card.md")
BEGIN, END = "<!-- metrics:begin -->", "<!-- metrics:end -->"


def fill(root: Path, evaluation: dict[str, Any]) -> None:
    """Replace what stands between the two markers of docs/model-card.md; without them nothing."""
    path = root / CARD
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        write_text(path, f"{before}{BEGIN}\n{_table(evaluation)}\n{END}{after}")


def _table(evaluation: dict[str, Any]) -> str:
    from . import scoring

    baseline = evaluation["baseline"]
    lines = [
        f"Run {evaluation['run']}, {evaluation['n_rows']} rows of the test part; in brackets the "
        f"{evaluation['level']:.0%} interval.",
        "",
        f"| metric | model | baseline ({baseline['name']}) |",
        "|---|---|---|",
    ]
    for name, value in evaluation["metrics"].items():
        other = scoring.number(baseline["metrics"][name]["value"])
        lines.append(f"| {scoring.in_words(name)} | {scoring.interval(value)} | {other} |")
    return "\n".join(lines)
