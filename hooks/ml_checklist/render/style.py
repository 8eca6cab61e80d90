"""How states and other people's text are shown: marks, colours, and escapes for Markdown."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from ml_checklist.errors import clean

MARKS = {
    "pass": "ok",
    "fail": "red",
    "todo": "to do",
    "stale": "stale",
    "waived": "waived",
    "declined": "declined",
    "not-applicable": "n/a",
    "upcoming": "soon",
    "unknown": "unknown",
    "error": "broken",
}
_CODES = {"pass": "32", "fail": "31", "error": "31;1", "stale": "33", "todo": "36", "bold": "1"}


def duration(minutes: int) -> str:
    """Time of a person in words: `20 min`, `3 h`, `1.5 h`; `automatic` where it takes none."""
    if not minutes:
        return "automatic"
    return f"{minutes} min" if minutes < 60 else f"{minutes / 60:.3g} h"


def coloured(stream: TextIO | None = None) -> bool:
    """Whether colour may be used: a terminal that understands it, and nobody who asked for none."""
    stream = stream or sys.stdout
    if "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, kind: str) -> str:
    code = _CODES.get(kind)
    return f"\033[{code}m{text}\033[0m" if code and coloured() else text


def escape(text: str) -> str:
    text = clean(" ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("|", "\\|").replace("[", "\\[").replace("]", "\\]").replace("@", "&#64;")


def cell(text: str, room: int = 300) -> str:
    """Text of others for one table cell: escaped, on one line, not too long."""
    text = " ".join(text.split())
    text = text if len(text) <= room else text[: room - 3] + "..."
    text = escape(text)
    return "".join(f"\\{char}" if char in "`*_~" else char for char in text)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Cells as the lines of a table of Markdown; they are escaped already."""
    lines = [f"| {' | '.join(cells)} |" for cells in (titles, *rows)]
    head, *body = [line.replace("|  |", "| |") for line in lines]
    return [head, "|---" * len(titles) + "|", *body]


def code(text: str) -> str:
    """Text as code: nothing in it is a mark-up, and a handle in it calls nobody."""
    plain = clean(" ".join(text.split())).replace("`", "'").replace("|", "/")
    return f"`{plain[:80]}`"
