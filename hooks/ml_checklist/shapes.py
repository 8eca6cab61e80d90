"""Small shapes that data must have: each checks a value, and says itself as JSON Schema.

One declaration serves the loader and the editor, so the two cannot disagree.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ml_checklist.errors import nearest, shown


class Fault(NamedTuple):
    """What is wrong at a path of keys; `line` is the nearest line known, 0 if none."""

    line: int
    path: tuple[str, ...]
    text: str


class Shape:
    """A check of one value; `kind` names it in messages."""

    kind = "anything"

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        """Every way in which `value` is not of this shape."""
        if not self.fits(value):
            yield Fault(line, path, f"must be {self.kind}, got {shown(value)}")

    def fits(self, value: Any) -> bool:
        """Whether the value is of this shape."""
        return True

    def schema(self) -> dict[str, Any]:
        """This shape as JSON Schema."""
        return {}


class Text(Shape):
    """A non-empty string, on demand of one pattern; `kind` says the pattern in words."""

    def __init__(self, pattern: str = "", kind: str = "a text") -> None:
        self.pattern, self.kind = re.compile(pattern), kind

    def fits(self, value: Any) -> bool:
        return isinstance(value, str) and bool(value.strip()) and bool(self.pattern.search(value))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern.pattern or r"\S"}


class Choice(Shape):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words, self.kind = words, "one of " + ", ".join(words)

    def fits(self, value: Any) -> bool:
        return value in self.words

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        if not self.fits(value):
            hint = nearest(value, self.words) if isinstance(value, str) else ""
            hint = hint if "mean" in hint else ""
            yield Fault(line, path, f"must be {self.kind}, got {shown(value)}{hint}")

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


class Whole(Shape):
    """An integer not below `least`."""

    def __init__(self, least: int = 0) -> None:
        self.least, self.kind = least, f"a whole number, {least} or more"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= self.least

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least}


class Number(Shape):
    """An integer or a float."""

    kind = "a number"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    def schema(self) -> dict[str, Any]:
        return {"type": "number"}


class Truth(Shape):
    """true or false."""

    kind = "true or false"

    def fits(self, value: Any) -> bool:
        return isinstance(value, bool)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Either(Shape):
    """Fits any of the given shapes."""

    def __init__(self, *shapes: Shape) -> None:
        self.shapes, self.kind = shapes, " or ".join(shape.kind for shape in shapes)

    def fits(self, value: Any) -> bool:
        return any(shape.fits(value) for shape in self.shapes)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [shape.schema() for shape in self.shapes]}
