"""Say which field of a body is wrong, what was seen there, and what was asked for."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# After these the reader has understood; a body may hold thousands.
MAX_FIELDS = 20
MAX_SEEN = 40
MAX_NAMED = 10

Fault = Mapping[str, Any]

DEMANDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "float_type": lambda _: "must be a number",
    "finite_number": lambda _: "must be a finite number",
    "bool_type": lambda _: "must be true or false",
    "string_type": lambda _: "must be text",
    "literal_error": lambda said: f"must be one of {_shortened(said['expected'])}",
    "greater_than_equal": lambda said: f"must be at least {said['ge']:g}",
    "less_than_equal": lambda said: f"must be at most {said['le']:g}",
    "model_type": lambda _: "must be an object of column: value",
    "list_type": lambda _: "must be a list of rows",
    "too_short": lambda said: f"must hold at least {said['min_length']} row",
    "too_long": lambda said: f"must hold at most {said['max_length']} rows; send fewer at a time",
}


def fields_of(found: Sequence[Fault], known: Sequence[str]) -> list[dict[str, Any]]:
    """`row`, `field` and `problem` of each fault that pydantic found, the first MAX_FIELDS."""
    return [_field(fault, known) for fault in found[:MAX_FIELDS]]


def in_one_line(fields: Sequence[Mapping[str, Any]], n_found: int) -> str:
    """The first fault as a sentence, and how many there are."""
    first = fields[0]
    row = "" if first["row"] is None else f"row {first['row']}: "
    more = f" (and {n_found - 1} more)" if n_found > 1 else ""
    return f"{row}{first['field']} {first['problem']}{more}"


def _field(fault: Fault, known: Sequence[str]) -> dict[str, Any]:
    row, name = None, "body"
    match fault["loc"]:
        case ("rows", int() as place, *rest) if isinstance(place, int):
            row, name = place, str(rest[0]) if rest else "body"
        case (first, *_):
            name = str(first)
    return {"row": row, "field": name[:MAX_SEEN], "problem": _problem(fault, name, known)}


def _problem(fault: Fault, name: str, known: Sequence[str]) -> str:
    kind = str(fault["type"])
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(name, known, n=1)
        return f"is unknown; is it '{near[0]}'?" if near else "is unknown"
    demand = DEMANDS[kind](fault.get("ctx", {})) if kind in DEMANDS else None
    return f"{demand or fault['msg']}, got {_seen(fault['input'])}"


def _seen(value: Any) -> str:
    """What was sent, as JSON writes it, cut where it is long."""
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SEEN else f"{text[:MAX_SEEN]}..."


def _shortened(names: str) -> str:
    listed = names.split(", ")
    shown = ", ".join(listed[:MAX_NAMED])
    return shown if len(listed) <= MAX_NAMED else f"{shown} and {len(listed) - MAX_NAMED} more"
