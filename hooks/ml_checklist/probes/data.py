"""Probes that compare values in JSON, YAML and TOML files with a bound."""

import re
from typing import Any

from ml_checklist.errors import shown
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import Tree

# Files that a command writes: when they are not there, that command has not run yet.
EVALUATE = "run `make train evaluate`"
MADE_BY = {
    "reports/run.json": EVALUATE,
    "reports/evaluation.json": EVALUATE,
    "data/manifest.json": "run `make train`",
}


def json(tree: Tree, *, file: str, at: str, **bound: Any) -> Finding:
    """{at} in {file} must {what}"""
    return _values(tree, "json", file, at, bound)


def yaml(tree: Tree, *, file: str, at: str, **bound: Any) -> Finding:
    """{at} in {file} must {what}"""
    return _values(tree, "yaml", file, at, bound)


def toml(tree: Tree, *, file: str, at: str, **bound: Any) -> Finding:
    """{at} in {file} must {what}"""
    return _values(tree, "toml", file, at, bound)


def config(tree: Tree, *, at: str, **bound: Any) -> Finding:
    """{at} in conf/default.yaml must {what}"""
    return _values(tree, "yaml", "conf/default.yaml", at, bound)


def absent(tree: Tree, file: str) -> Finding:
    """The finding for a file that is not there: unknown when something else writes it.

    Only what a shipped command writes has a remedy; of other reports the item's `how` tells.
    """
    if file in MADE_BY or file.startswith("reports/"):
        return unknown(f"{file} is not there yet", MADE_BY.get(file, ""), file)
    return missing("there is no such file", tree.theirs(file))


def _values(tree: Tree, form: str, file: str, at: str, bound: dict[str, Any]) -> Finding:
    best = absent(tree, file)
    for name in tree.find(file):
        try:
            data = tree.data(name, form)
        except ValueError as error:
            best = missing(str(error), name)
            continue
        best = _every(name, pick(data, at), at, bound)
        if best.holds:
            return best
    return best


def _every(name: str, pairs: list[tuple[str, Any]], at: str, bound: dict[str, Any]) -> Finding:
    if not pairs:
        return missing("there is none", name)
    for path, value in pairs:
        fault = wrong(value, **bound)
        if fault:
            place = f"{name} {path}"
            return missing(
                f"{'it' if path == at else path} {fault}",
                place,
                None if value is NOTHING else value,
                _limit(bound),
            )
    path, value = pairs[0]
    word = "set" if isinstance(value, dict | list) else shown(value)
    text = f"{path} is {word}" if len(pairs) == 1 else f"{len(pairs)} values fit"
    return found(text, name, value, _limit(bound))


def _limit(bound: dict[str, Any]) -> Any:
    return next(iter(bound.values()), None) if len(bound) == 1 else bound


def wrong(value: Any, *, exists: bool | None = None, **bound: Any) -> str:
    """What is wrong with a value under the given bounds, nothing if it fits."""
    if exists is not None:
        return "" if (value is not NOTHING) == exists else ("is not" if exists else "is")
    if value is NOTHING:
        return "is not there"
    for key, limit in bound.items():
        fault = _BOUNDS[key](value, limit)
        if fault:
            return fault
    return ""


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _no_number(value: Any) -> str:
    return "is empty" if value is None else f"is {shown(value)}, not a number"


def _least(value: Any, limit: float) -> str:
    if not _number(value):
        return _no_number(value)
    return "" if value >= limit else f"is {value}"


def _most(value: Any, limit: float) -> str:
    if not _number(value):
        return _no_number(value)
    return "" if value <= limit else f"is {value}"


def _equals(value: Any, limit: Any) -> str:
    # 1 == True in Python, and 1 is not true in a config.
    same = value == limit and isinstance(value, bool) == isinstance(limit, bool)
    return "" if same else f"is {shown(value)}"


def _among(value: Any, limit: list[Any]) -> str:
    return "" if any(not _equals(value, each) for each in limit) else f"is {shown(value)}"


def _matches(value: Any, limit: str) -> str:
    fits = isinstance(value, str) and re.search(limit, value)
    return "" if fits else f"is {shown(value)}"


def _non_empty(value: Any, limit: bool) -> str:
    empty = value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())
    return "" if empty is not limit else ("is empty" if limit else "is not")


def _length(value: Any, limit: int) -> str:
    if not isinstance(value, list | dict | str):
        return f"is {shown(value)}, which has no length"
    return "" if len(value) >= limit else f"has {len(value) or 'none'}"


_BOUNDS = {
    "min": _least,
    "max": _most,
    "equals": _equals,
    "in": _among,
    "matches": _matches,
    "non_empty": _non_empty,
    "length_min": _length,
}


def difference(tree: Tree, *, left: dict[str, str], right: dict[str, str], **bound: Any) -> Finding:
    """{left} minus {right} must {what}"""
    sides = []
    for side in (left, right):
        names = tree.find(side["file"])
        if not names:
            return absent(tree, side["file"])
        try:
            value = one(tree.data(names[0], form_of(names[0])), side["at"])
        except ValueError as error:
            return missing(str(error), names[0])
        if not _number(value):
            return missing(
                f"{side['at']} is {shown(value)}, not a number", f"{names[0]} {side['at']}"
            )
        sides.append(value)
    delta = sides[0] - sides[1]
    fault = wrong(delta, **bound)
    place = f"{left['file']} {left['at']}"
    if fault:
        return missing(f"{sides[0]} minus {sides[1]} is {delta:.4g}", place, delta, _limit(bound))
    return found(f"{sides[0]} minus {sides[1]} is {delta:.4g}", place, delta, _limit(bound))


def form_of(name: str) -> str:
    """The format that a file name says."""
    return {"json": "json", "toml": "toml"}.get(name.rsplit(".", 1)[-1], "yaml")


def ledger(tree: Tree, *, fields: list[str]) -> Finding:
    """reports/run.json must be a full record of the run"""
    name = "reports/run.json"
    if not tree.find(name):
        return absent(tree, name)
    try:
        data = tree.data(name, "json")
    except ValueError as error:
        return missing(str(error), name)
    empty = [field for field in fields if one(data, field) is None]
    if empty:
        return missing(f"it lacks {', '.join(empty)}", name)
    return found(f"records {', '.join(fields)}", name)


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
