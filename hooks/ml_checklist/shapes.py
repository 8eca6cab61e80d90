"""Shapes that data must have: each checks a value and names every fault with its line.

hooks/json_schemas.py makes JSON Schema of the same declarations, so that loader and editor agree.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ml_checklist.errors import Problem, nearest, shown


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
        return True


class Text(Shape):
    """A non-empty string, on demand of one pattern; `kind` says the pattern in words."""

    def __init__(self, pattern: str = "", kind: str = "a text") -> None:
        self.pattern, self.kind = re.compile(pattern), kind

    def fits(self, value: Any) -> bool:
        return isinstance(value, str) and bool(value.strip()) and bool(self.pattern.search(value))


class Choice(Shape):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words, self.kind = words, "one of " + ", ".join(words)

    def fits(self, value: Any) -> bool:
        return value in self.words

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        for fault in super().faults(value, path, line):
            hint = nearest(value, self.words) if isinstance(value, str) else ""
            yield fault._replace(text=fault.text + (hint if "mean" in hint else ""))


class Whole(Shape):
    """An integer not below `least`."""

    def __init__(self, least: int = 0) -> None:
        self.least, self.kind = least, f"a whole number, {least} or more"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= self.least


class Number(Shape):
    """An integer or a float."""

    kind = "a number"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)


class Truth(Shape):
    """true or false."""

    kind = "true or false"

    def fits(self, value: Any) -> bool:
        return isinstance(value, bool)


class Nested(Shape):
    """A shape that holds others: it fits where nothing in it is at fault."""

    def fits(self, value: Any) -> bool:
        return not any(True for _ in self.faults(value, (), 0))


class ListOf(Nested):
    """A list whose elements have one shape."""

    kind = "a list"

    def __init__(self, shape: Shape, least: int = 0) -> None:
        self.shape, self.least = shape, least

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(line, path, f"must be a list, got {shown(value)}")
            return
        if len(value) < self.least:
            yield Fault(line, path, f"must hold at least {self.least}, got {len(value)}")
        for number, element in enumerate(value):
            here = (*path[:-1], f"{path[-1] if path else ''}[{number}]")
            yield from self.shape.faults(element, here, getattr(element, "line", line))


class Keys(Nested):
    """A mapping with exactly these keys; a name ending in `_` may be left out."""

    kind = "a mapping"

    def __init__(self, **keys: Shape) -> None:
        self.needed = {name for name in keys if not name.endswith("_")}
        self.keys = {name.rstrip("_").replace("__", "-"): shape for name, shape in keys.items()}

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(line, path, f"must be a mapping, got {shown(value)}")
            return
        start, lines = getattr(value, "line", line), getattr(value, "lines", {})
        for key in value:
            if key not in self.keys:
                hint = nearest(str(key), self.keys)
                yield Fault(lines.get(key, start), path, f"unknown key {shown(key)}{hint}")
        for key, shape in self.keys.items():
            if key in value:
                yield from shape.faults(value[key], (*path, key), lines.get(key, start))
            elif key in self.needed:
                yield Fault(start, path, f"the key {key!r} is missing; add it ({shape.kind})")


class Either(Shape):
    """One of several shapes of a single value or of a list of them."""

    def __init__(self, *shapes: Shape) -> None:
        self.shapes, self.kind = shapes, " or ".join(shape.kind for shape in shapes)

    def fits(self, value: Any) -> bool:
        return any(shape.fits(value) for shape in self.shapes)

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        lists = [shape for shape in self.shapes if isinstance(shape, ListOf)]
        if isinstance(value, list) and lists and not self.fits(value):
            yield from lists[0].faults(value, path, line)
        else:
            yield from super().faults(value, path, line)


class Table(Nested):
    """A mapping from words of one's own to values of one shape."""

    kind = "a mapping"

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(line, path, f"must be a mapping, got {shown(value)}")
            return
        lines = getattr(value, "lines", {})
        for key, element in value.items():
            yield from self.shape.faults(element, (*path, key), lines.get(key, line))


def check(shape: Shape, data: Any, where: str, prefix: str = "") -> list[Problem]:
    """The faults of `data`, as problems of the file `where`."""
    found = shape.faults(data, (), getattr(data, "line", 1))
    return [
        Problem(where, f.line, ": ".join([*filter(None, [prefix, ".".join(f.path)]), f.text]))
        for f in found
    ]
