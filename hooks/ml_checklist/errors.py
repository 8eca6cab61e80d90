"""The ways in which a command can end badly; cli.py turns each into an exit code."""

from collections.abc import Iterable
from typing import NamedTuple


def clean(text: str) -> str:
    """Text of others on one line, without the characters that could steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


class Problem(NamedTuple):
    """One thing wrong in one place: `where` is a file, `line` counts from 1 (0: the whole file)."""

    where: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        return clean(f"{place}: {self.text}")


class DataError(Exception):
    """Data or usage is wrong: every problem is one line for the person who can mend it."""

    def __init__(self, *problems: Problem | str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise DataError when there is any problem."""
    listed = sorted(problems)
    if listed:
        raise DataError(*listed)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint to put behind a message: the nearest known word, or all of them when they are few."""
    from difflib import get_close_matches  # 10 ms, and most runs meet no mistake

    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def shown(value: object) -> str:
    """A value as it is quoted in a message: short, on one line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class ProbeError(Exception):
    """A probe itself failed: the tool or its catalog is wrong, not the project."""


class UnreadableError(ValueError):
    """A file of the project that a probe looks into is missing or not what its name promises."""

    def __init__(self, file: str, text: str) -> None:
        super().__init__(text)
        self.file = file
