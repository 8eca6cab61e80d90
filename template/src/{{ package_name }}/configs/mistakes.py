"""Say in one line what is wrong with a configured value."""

import difflib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel

BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
# The first word of pydantic's error types, and what the user should have written.
TYPES = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "string": "text",
    "bool": "true or false",
    "dict": "`key: value` lines",
    "tuple": "a list",
    "list": "a list",
    "model": "`key: value` lines",
    "none": "null",
}


def sentence(found: dict[str, Any], schema: type[BaseModel], place: str) -> str:
    """One line for one error of pydantic; `place` is the file or the command line."""
    location = [str(part) for part in found["loc"]]
    kind = str(found["type"])
    if kind == "extra_forbidden":
        return f"{place}: {_unknown_key(location, schema)}"
    if kind == "missing":
        return f"{place}: {'.'.join(location)} is missing"
    if kind == "value_error":
        key = "".join(f"{part}." for part in location)
        return f"{place}: {key}{found['ctx']['error']}"
    said = f"{'.'.join(location)} must be {_demand(found)}, got {_seen(found['input'])}"
    return f"{place}: {said}{_nearest(found)}"


def _demand(found: dict[str, Any]) -> str:
    kind, context = str(found["type"]), found.get("ctx", {})
    if kind in BOUNDS:
        name, word = BOUNDS[kind]
        return f"{word} {context[name]:g}"
    if kind == "too_short":
        return f"{context['min_length']} or more entries"
    if kind == "literal_error":
        return f"one of {context['expected']}"
    if kind == "choice":
        return f"one of {', '.join(context['names'])} for {context['task']}"
    return TYPES.get(kind.partition("_")[0], str(found["msg"]))


def _nearest(found: dict[str, Any]) -> str:
    """`; did you mean 'x'?` for a name that is nearly one of the names there are."""
    names = found["ctx"]["names"] if found["type"] == "choice" else ()
    near = difflib.get_close_matches(str(found["input"]), names, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _seen(value: Any) -> str:
    return "null" if value is None else f"'{value}'" if isinstance(value, str) else f"{value}"


def _unknown_key(location: Sequence[str], schema: type[BaseModel]) -> str:
    *above, key = location
    where = f" in {'.'.join(above)}" if above else ""
    known = _keys(schema, above)
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
    return f"unknown key '{key}'{where}; {hint}"


def _keys(schema: type[BaseModel], above: Sequence[str]) -> list[str]:
    inner: Any = schema
    for part in above:
        # Below a mapping any name goes, and the keys of what it names are those to suggest.
        inner = inner.model_fields[part].annotation if _is_model(inner) else _named(inner)
    return list(inner.model_fields) if _is_model(inner) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _named(annotation: Any) -> Any:
    return next(reversed(get_args(annotation)), None)
