"""Write docs/openapi.json, and refuse what would break callers who know the old one."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from .app import build_interface
from .extensions import Context
from .middleware import Metrics
from .serve import load_version
from .settings import load_service

PATH = Path("docs", "openapi.json")
REQUEST, RESPONSE = " request", " response"
# Keyword -> 1 where a higher value is narrower, else -1.
LIMITS = {"minimum": 1, "minLength": 1, "minItems": 1}
LIMITS |= {"maximum": -1, "maxLength": -1, "maxItems": -1}
Schema = dict[str, Any]
Facts = dict[str, dict[str, Any]]  # place in a description -> keyword -> value or set of values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--break`."""
    parser.add_argument("--break", action="store_true", dest="allowed", help="break callers")


def run(args: argparse.Namespace) -> None:
    """Replace docs/openapi.json; raises CheckFailed where that breaks callers."""
    service, path = load_service(args.root, args.overrides), args.root / PATH
    context = Context(args.root, service, Metrics(), build_interface)
    new = build_interface(load_version(args.root, service), context).openapi()
    found = breaking_changes(read_json(path), new) if path.is_file() else []
    if found and not args.allowed:
        text = "\n".join(found)
        raise CheckFailed(f"{text}\n{PATH}: not written; `openapi --break` if this is meant")
    write_json(path, new)
    log("openapi", PATH.as_posix())


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """One sentence for each change that breaks a caller.

    Of a request: a field that is gone or newly required, a narrower type, choice or limit. Of a
    response: a field that is gone or no longer certain, a wider type or choice.
    """
    before, after = _facts(old), _facts(new)
    gone = [f"{place} is gone" for place in before if place not in after]
    changed = [
        f"{place}: {text}"
        for place in before
        if place in after
        for text in _changes(before[place], after[place], REQUEST in place)
    ]
    return gone + changed


def _changes(was: Schema, now: Schema, is_request: bool) -> Iterator[str]:
    narrow, wide = (was, now) if is_request else (now, was)
    verb = "may no longer be" if is_request else "may be"
    for key in ("types", "enum"):
        if wide.get(key):
            for value in sorted((narrow.get(key) or {"anything"}) - wide[key]):
                yield f"{verb} {value}" + ("" if is_request else " now")
    if is_request:
        yield from (f"{name} is required now" for name in sorted(now["required"] - was["required"]))
        for key, sign in LIMITS.items():
            if key in now and (key not in was or sign * now[key] > sign * was[key]):
                yield f"{key} is {now[key]} now, was {was.get(key, 'none')}"
    else:
        yield from (f"{name} may be absent" for name in sorted(was["required"] - now["required"]))


def _facts(document: Schema) -> Facts:
    """What callers rely on, by path, method, request or response, and field."""
    found: Facts = {}
    for path, methods in document["paths"].items():
        for method, content in methods.items():
            place = f"{method.upper()} {path}"
            bodies = {REQUEST: content.get("requestBody", {})}
            good = (status for status in content["responses"] if status.startswith("2"))
            bodies |= {f"{RESPONSE} {status}": content["responses"][status] for status in good}
            for name, body in bodies.items():
                schema = body.get("content", {}).get("application/json", {}).get("schema")
                _collect(document, schema or {}, place + name, found)
    return found


def _collect(document: Schema, schema: Schema, place: str, found: Facts) -> None:
    """Add the facts of a schema; alternatives of one place are merged."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    facts = found.setdefault(place, {"types": set(), "enum": set(), "required": set()})
    facts["types"] |= {schema["type"]} if "type" in schema else set()
    facts["enum"] |= {str(value) for value in schema.get("enum", [])}
    facts["required"] |= set(schema.get("required", []))
    facts.update({key: schema[key] for key in LIMITS if key in schema})
    for inner in [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        _collect(document, inner, place, found)
    if "items" in schema:
        _collect(document, schema["items"], f"{place} item", found)
    for name, inner in schema.get("properties", {}).items():
        _collect(document, inner, f"{place} {name}", found)
