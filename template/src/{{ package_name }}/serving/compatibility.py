"""Whether a new OpenAPI description still holds for callers who know the old one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
# A part of a description, and the whole of it, since references point there.
Side = tuple[Schema, Schema]
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
# A request may not be asked for more than it was: a limit may move one way only.
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
SAME = ("pattern", "format")


def breaks(old: Schema, new: Schema) -> list[str]:
    """A sentence for each change that breaks a caller; empty where there is none.

    Of a request: a field gone or newly required, a type, a choice or a limit that is narrower. Of
    an answer: a field gone or no longer promised, a type or a choice that is wider.
    """
    return list(_paths(old, new))


def _paths(old: Schema, new: Schema) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method in METHODS & set(methods):
            where = f"{method.upper()} {path}"
            after = new["paths"].get(path, {}).get(method)
            if after is None:
                yield f"{where}: is gone"
                continue
            yield from _bodies(where, (old, methods[method]), (new, after))


def _bodies(where: str, before: Side, after: Side) -> Iterator[str]:
    (old, was), (new, is_now) = before, after
    sides = (_content(was.get("requestBody", {})), _content(is_now.get("requestBody", {})))
    yield from _compare(f"{where} request", (old, sides[0]), (new, sides[1]), _asked)
    for status, answer in was["responses"].items():
        if status not in is_now["responses"]:
            yield f"{where}: no longer answers with {status}"
            continue
        sides = (_content(answer), _content(is_now["responses"][status]))
        yield from _compare(f"{where} answer {status}", (old, sides[0]), (new, sides[1]), _given)


def _content(part: Schema) -> Schema:
    return dict(part.get("content", {}).get("application/json", {}).get("schema", {}))


Rule = Callable[[Schema, Schema], Iterator[str]]


def _compare(where: str, before: Side, after: Side, rule: Rule) -> Iterator[str]:
    """Walk two schemas side by side."""
    old, was = before[0], _flat(*before)
    new, is_now = after[0], _flat(*after)
    yield from (f"{where}: {sentence}" for sentence in rule(was, is_now))
    for name, inner in was.get("properties", {}).items():
        if name in is_now.get("properties", {}):
            other = is_now["properties"][name]
            yield from _compare(f"{where} {name}", (old, inner), (new, other), rule)
    if "items" in was and "items" in is_now:
        yield from _compare(f"{where} item", (old, was["items"]), (new, is_now["items"]), rule)


def _flat(document: Schema, schema: Schema) -> Schema:
    """The schema without references, and with `null` as one of its types."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    options = [_flat(document, one) for one in schema.get("anyOf", ())]
    merged: Schema = {key: value for key, value in schema.items() if key != "anyOf"}
    for option in options:
        merged |= {key: value for key, value in option.items() if key != "types"}
    own = [schema["type"]] if "type" in schema else []
    merged["types"] = {*own, *(kind for option in options for kind in option["types"])}
    if "number" in merged["types"]:
        merged["types"].add("integer")
    if "const" in merged:
        merged["enum"] = [merged["const"]]
    return merged


def _asked(was: Schema, is_now: Schema) -> Iterator[str]:
    """What breaks whoever sends this."""
    known = is_now.get("properties", {})
    if is_now.get("additionalProperties") is False:
        yield from (f"{name} is gone" for name in was.get("properties", {}) if name not in known)
    before, after = set(was.get("required", ())), set(is_now.get("required", ()))
    yield from (f"{name} is required now" for name in sorted(after - before))
    if gone := was["types"] - is_now["types"]:
        if is_now["types"]:
            yield f"may no longer be {_listed(gone)}"
    elif not was["types"] and is_now["types"]:
        yield f"must be {_listed(is_now['types'])} now"
    yield from _choices(was, is_now)
    yield from _limits(was, is_now)


def _choices(was: Schema, is_now: Schema) -> Iterator[str]:
    if "enum" not in is_now:
        return
    if "enum" not in was:
        yield f"must be one of {_listed(is_now['enum'])} now"
        return
    if gone := [one for one in was["enum"] if one not in is_now["enum"]]:
        yield f"may no longer be {_listed(gone)}"


def _limits(was: Schema, is_now: Schema) -> Iterator[str]:
    for key in LOWER:
        if key in is_now and is_now[key] > was.get(key, float("-inf")):
            yield f"{key} is {is_now[key]} now, was {was.get(key, 'none')}"
    for key in UPPER:
        if key in is_now and is_now[key] < was.get(key, float("inf")):
            yield f"{key} is {is_now[key]} now, was {was.get(key, 'none')}"
    for key in SAME:
        if key in is_now and is_now[key] != was.get(key):
            yield f"{key} is {is_now[key]} now, was {was.get(key, 'none')}"


def _given(was: Schema, is_now: Schema) -> Iterator[str]:
    """What breaks whoever reads this."""
    known, promised = is_now.get("properties", {}), set(is_now.get("required", ()))
    for name in was.get("properties", {}):
        if name not in known:
            yield f"{name} is gone"
        elif name in was.get("required", ()) and name not in promised:
            yield f"{name} may be absent now"
    if was["types"] and (more := is_now["types"] - was["types"]):
        yield f"may be {_listed(more)} now"
    if "enum" in was:
        new = [one for one in is_now.get("enum", ["anything"]) if one not in was["enum"]]
        if new:
            yield f"may be {_listed(new)} now"


def _listed(values: Any) -> str:
    return ", ".join(sorted(str(value) for value in values))
