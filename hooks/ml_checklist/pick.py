"""Follow a dotted path such as `slices[0].value` or `files[*].sha256` into data."""

import re
from typing import Any

_STEP = re.compile(r"\[(\d+|\*)\]|\"([^\"]+)\"|([^.\[\]\"]+)")
MAX_VALUES = 100_000


def steps(at: str) -> list[str | int]:
    """The keys and positions of a path; `*` stands for every element."""
    found: list[str | int] = []
    for index, quoted, word in _STEP.findall(at):
        found.append(int(index) if index.isdigit() else index or quoted or word)
    return found


NOTHING: Any = type("Nothing", (), {"__repr__": lambda self: "nothing"})()


def pick(data: Any, at: str) -> list[tuple[str, Any]]:
    """Every (path, value) that `at` reaches; a path that leads nowhere ends in NOTHING."""
    level: list[tuple[str, Any]] = [("", data)]
    for step in steps(at):
        level = [pair for path, value in level for pair in _step(path, value, step)][:MAX_VALUES]
    return level


def one(data: Any, at: str) -> Any:
    """The value at a path without `*`; None where there is none."""
    found = pick(data, at)
    return found[0][1] if found and found[0][1] is not NOTHING else None


def _step(path: str, value: Any, step: str | int) -> list[tuple[str, Any]]:
    if step == "*":
        if isinstance(value, dict):
            return [(_join(path, key), element) for key, element in value.items()]
        if isinstance(value, list):
            return [(f"{path}[{number}]", element) for number, element in enumerate(value)]
        return [(f"{path}[*]", NOTHING)]
    if isinstance(step, int):
        inside = isinstance(value, list) and step < len(value)
        return [(f"{path}[{step}]", value[step] if inside else NOTHING)]
    inside = isinstance(value, dict) and step in value
    return [(_join(path, step), value[step] if inside else NOTHING)]


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
