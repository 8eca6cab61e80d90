"""Probes that compare values in JSON, YAML and TOML files with a bound."""

import re
from collections.abc import Callable
from datetime import date, datetime
from math import isfinite
from typing import Any

from ml_checklist.errors import UnreadableError, shown
from ml_checklist.markdown import n_letters, repeats
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import Tree

# Files that a command writes: when they are not there, that command has not run yet.
EVALUATE, PREPARE = "run `make train evaluate`", "run `make train`"
MADE_BY = {
    "reports/run.json": EVALUATE,
    "reports/evaluation.json": EVALUATE,
    "data/manifest.json": PREPARE,
    "reports/profile.json": PREPARE,
}
MAX_VALUES = 100_000
SENTENCE = 15  # letters
MAX_CHARACTERS = 500  # of a value that must match
NOTHING: Any = type("Nothing", (), {"__repr__": lambda self: "nothing"})()
_STEP = re.compile(r"\[(\d+|\*)\]|\"([^\"]+)\"|([^.\[\]\"]+)")


def value(form: str, tree: Tree, *, file: str, at: str, **bound: Any) -> Finding:
    """A value in a JSON, YAML or TOML file fits a bound."""
    best = absent(tree, file)
    if "within_days" in bound:
        bound["within_days"] = bound["within_days"], tree.today
    for name in tree.find(file):
        try:
            pairs = pick(tree.data(name, form), at)
        except UnreadableError as error:
            best = missing(str(error), name)
            continue
        best = _every(name, pairs, at, bound)
        if best.holds:
            return best
    return best


def config(tree: Tree, *, at: str, **bound: Any) -> Finding:
    return value("yaml", tree, file="conf/default.yaml", at=at, **bound)


def absent(tree: Tree, file: str) -> Finding:
    """The finding for a file that is not there: unknown when something else writes it.

    Only what a shipped command writes has a remedy; for other reports the item's `how` has it.
    """
    if file == "checklist/project.yml":
        return missing("no fact is known yet; `checklist start` asks", file)
    if file in MADE_BY or file.startswith("reports/"):
        return unknown(f"{file} is not there yet", MADE_BY.get(file, ""), file)
    return missing("there is no such file", tree.theirs(file), absent=file)


def _every(name: str, pairs: list[tuple[str, Any]], at: str, bound: dict[str, Any]) -> Finding:
    if not pairs:
        return missing("there is none", name)
    limit = _limit(bound)
    for path, value in pairs:
        fault = wrong(value, **bound)
        if fault:
            sentence = f"{'it' if path == at else path} {fault}"
            seen = None if value is NOTHING else value
            lacks = "pyproject.toml" if name == "pyproject.toml" and value is NOTHING else ""
            return missing(sentence, f"{name} {path}", seen, limit, absent=lacks)
    path, value = pairs[0]
    word = "set" if isinstance(value, dict | list) else shown(value)
    text = f"{path} is {word}" if len(pairs) == 1 else f"{len(pairs)} values fit"
    return found(text, name, value, limit)


def _limit(bound: dict[str, Any]) -> Any:
    return next(iter(bound.values()), None) if len(bound) == 1 else bound


def wrong(value: Any, *, exists: bool | None = None, **bound: Any) -> str:
    """What is wrong with a value under the given bounds, nothing if it fits.

    whole: a number without decimals. percent: above 1 it is read as per cent, 99.9 as 0.999.
    within_days: a day such as 2026-11-20, at most so many days before a given one.
    """
    if exists is not None:
        return "" if (value is not NOTHING) == exists else ("is not" if exists else "is")
    if value is NOTHING:
        return "is not there"
    if bound.pop("percent", False) and not _no_number(value):
        value = value / 100 if value > 1 else value
    return next(filter(None, (_BOUNDS[key](value, limit) for key, limit in bound.items())), "")


def _no_number(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return ""
    return "is empty" if value is None else f"is {shown(value)}, not a number"


def _equals(value: Any, limit: Any) -> str:
    # 1 == True in Python, and 1 is not true in a config.
    same = value == limit and isinstance(value, bool) == isinstance(limit, bool)
    return "" if same else f"is {shown(value)}"


def _among(value: Any, limit: list[Any]) -> str:
    return "" if any(not _equals(value, each) for each in limit) else f"is {shown(value)}"


def _matches(value: Any, limit: str) -> str:
    # Of a long value the beginning: a pattern may take time by the square of it.
    fits = isinstance(value, str) and re.search(limit, value[:MAX_CHARACTERS])
    return "" if fits else f"is {shown(value)}"


def _non_empty(value: Any, limit: bool) -> str:
    empty = value in (None, "", [], {}) or (isinstance(value, str) and not value.strip())
    return "" if empty is not limit else ("is empty" if limit else "is not")


def _length(value: Any, limit: int) -> str:
    if not isinstance(value, list | dict | str):
        return f"is {shown(value)}, which has no length"
    return "" if len(value) >= limit else f"has {len(value) or 'none'}"


def _whole(value: Any, limit: bool) -> str:
    return "" if isinstance(value, int) or not limit else f"is {shown(value)}, not a whole number"


def _within_days(value: Any, limit: tuple[int, date]) -> str:
    days, today = limit
    try:
        age = (today - datetime.fromisoformat(str(value).strip()).date()).days
    except ValueError:
        return f"is {shown(value)}, not a day such as 2026-11-20"
    if age < -1:
        return f"is {value}, which lies in the future"
    return "" if age <= days else f"is {value}, more than {days} days ago"


def _sentence(value: Any, limit: bool) -> str:
    if not isinstance(value, str):
        return f"is {shown(value)}, not a sentence"
    letters = n_letters(value)
    if letters < SENTENCE or repeats(value):
        return f"is {shown(value)}, no sentence of {SENTENCE} letters or more"
    return "" if limit else "is not"


_BOUNDS: dict[str, Callable[[Any, Any], str]] = {
    "whole": _whole,
    "sentence": _sentence,
    "within_days": _within_days,
    "min": lambda value, limit: _no_number(value) or ("" if value >= limit else f"is {value}"),
    "max": lambda value, limit: _no_number(value) or ("" if value <= limit else f"is {value}"),
    "equals": _equals,
    "in": _among,
    "matches": _matches,
    "non_empty": _non_empty,
    "length_min": _length,
}


def difference(tree: Tree, *, left: dict[str, str], right: dict[str, str], **bound: Any) -> Finding:
    """The difference of two values fits a bound."""
    sides = []
    for side in (left, right):
        term = _term(tree, **side)
        if isinstance(term, Finding):
            return term
        if fault := _no_number(term):
            return missing(f"{side['at']} {fault}", f"{side['file']} {side['at']}")
        sides.append(term)
    delta = sides[0] - sides[1]
    finding = missing if wrong(delta, **bound) else found
    sentence = f"{sides[0]} minus {sides[1]} is {delta:.4g}"
    return finding(sentence, f"{left['file']} {left['at']}", delta, _limit(bound))


def same(tree: Tree, *, left: dict[str, str], right: dict[str, str]) -> Finding:
    """Two values are equal, such as the version of a report and the one in use."""
    sides = [_term(tree, **side) for side in (left, right)]
    unread = next((side for side in sides if isinstance(side, Finding)), None)
    if unread is not None:
        return unread
    place = f"{left['file']} {left['at']}"
    if None in sides or _equals(*sides):
        return missing(f"{shown(sides[0])} is not {shown(sides[1])}", place, *sides)
    return found(f"both are {shown(sides[0])}", place, *sides)


def _term(tree: Tree, *, file: str, at: str) -> Any:
    """The value at a path in a file; a finding where there is no file."""
    names = tree.find(file)
    if not names:
        return absent(tree, file)
    form = {"json": "json", "toml": "toml"}.get(names[0].rsplit(".", 1)[-1], "yaml")
    return one(tree.data(names[0], form), at)


def ledger(tree: Tree, *, fields: list[str]) -> Finding:
    """The record of the last run has these fields."""
    name = "reports/run.json"
    if not tree.find(name):
        return absent(tree, name)
    data = tree.data(name, "json")
    empty = [field for field in fields if one(data, field) is None]
    if empty:
        return missing(f"it lacks {', '.join(empty)}", name)
    return found(f"records {', '.join(fields)}", name)


def pick(data: Any, at: str) -> list[tuple[str, Any]]:
    """Every (path, value) that a dotted path such as `files[*].sha256` reaches in `data`.

    `*` stands for every element; a path that leads nowhere ends in NOTHING.
    """
    level: list[tuple[str, Any]] = [("", data)]
    for index, quoted, word in _STEP.findall(at):
        step = int(index) if index.isdigit() else index or quoted or word
        level = [pair for path, value in level for pair in _step(path, value, step)][:MAX_VALUES]
    return level


def one(data: Any, at: str) -> Any:
    """The value at a path without `*`; None where there is none."""
    reached = pick(data, at)
    return reached[0][1] if reached and reached[0][1] is not NOTHING else None


def _step(path: str, value: Any, step: str | int) -> list[tuple[str, Any]]:
    in_table = isinstance(value, dict) if step == "*" else isinstance(step, str)
    known: dict[Any, Any] = {}
    if in_table and isinstance(value, dict):
        known = value
    elif not in_table and isinstance(value, list):
        known = dict(enumerate(value))
    wanted = list(known) if step == "*" and isinstance(value, dict | list) else [step]
    start = f"{path}." if path else ""
    name = f"{start}%s" if in_table else f"{path}[%s]"
    return [(name % key, known.get(key, NOTHING)) for key in wanted]
