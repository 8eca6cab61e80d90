"""Marks and colours of the terminal: colour only on one, and a word always beside a mark."""

import os
import sys
from typing import TextIO

MARKS = {
    "pass": "ok",
    "fail": "red",
    "todo": "to do",
    "stale": "stale",
    "waived": "waived",
    "not-applicable": "n/a",
    "upcoming": "soon",
    "unknown": "unknown",
    "error": "broken",
}
_CODES = {
    "pass": "32",
    "fail": "31",
    "error": "31;1",
    "stale": "33",
    "todo": "36",
    "dim": "2",
    "bold": "1",
}


def coloured(stream: TextIO | None = None) -> bool:
    """Whether colour may be used: a terminal that understands it, and nobody who asked for none."""
    stream = stream or sys.stdout
    if "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, kind: str) -> str:
    """`text` in the colour of a state, or as it is."""
    code = _CODES.get(kind)
    return f"\033[{code}m{text}\033[0m" if code and coloured() else text


def clean(text: str) -> str:
    """Text from a file without the characters that could steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
