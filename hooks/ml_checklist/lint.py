"""Hold a catalog to its floors: what a reader may expect of every item, and of the whole."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ml_checklist import markdown
from ml_checklist.errors import Problem
from ml_checklist.items import Catalog, Item

# Share of items, or of methods, that must have the field.
FLOORS = {"refs": 0.90, "options or methods": 0.60, "papers": 0.80}
_TRACKERS = re.compile(r"[?&](utm_|fbclid|gclid|mc_cid|ref_src)")


def problems(catalog: Catalog) -> list[Problem]:
    """Everything in which the catalog falls short."""
    items = list(catalog.items.values())
    found = [problem for item in items for problem in _item(item)]
    found += [*_sentences(items), *_spellings(items), *_floors(items)]
    return sorted(found)


def shares(items: list[Item]) -> dict[str, tuple[int, int]]:
    """(filled, of) for each field that has a floor."""
    methods = [method for item in items for method in item.data.get("methods") or ()]
    return {
        "refs": (sum(bool(item.data.get("refs")) for item in items), len(items)),
        "options or methods": (sum(_chooses(item) for item in items), len(items)),
        "papers": (sum("paper" in method for method in methods), len(methods)),
    }


def _chooses(item: Item) -> bool:
    return bool(item.data.get("options") or item.data.get("methods"))


def _floors(items: list[Item]) -> Iterator[Problem]:
    for name, (filled, total) in shares(items).items():
        if total and filled / total < FLOORS[name]:
            yield Problem(
                "catalog", 0, f"{name}: {filled} of {total}, the floor is {FLOORS[name]:.0%}"
            )


def _item(item: Item) -> Iterator[Problem]:
    seen: set[str] = set()
    for key, text in strings(item.data):
        if key == "url" and (_TRACKERS.search(text) or text.startswith("http://")):
            yield _at(item, f"url: {text}: use https and no tracker")
        if key == "url" and text in seen:
            yield _at(item, f"url: {text} stands twice in this item; keep one")
        seen |= {text} if key == "url" else set()
    for key, text in _own_sentences(item):
        left = markdown.unfilled(text)
        if left:
            yield _at(item, f"{key}: holds a placeholder: {left[1][:60]}")
    if not item.title[0].isupper() or item.title.endswith((".", "?")):
        yield _at(
            item, "title: is a sentence that can be true: a capital first, no stop at the end"
        )
    for probe in probes(item.probe):
        if probe.get("type") == "file" and "reason" not in probe:
            yield _at(
                item, "probe: only looks whether a file exists; look into it, or give a `reason`"
            )


def _at(item: Item, text: str) -> Problem:
    return Problem(item.file, item.line, f"{item.id}: {text}")


def strings(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every (key, text) in an item."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name != "probe":
                yield from strings(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value, key)
    elif isinstance(data, str):
        yield key, data


def probes(probe: Any) -> Iterator[dict[str, Any]]:
    """Every single probe in a combined one."""
    if isinstance(probe, list):
        for part in probe:
            yield from probes(part)
    elif isinstance(probe, dict):
        if "type" in probe:
            yield probe
        for word in ("all", "any", "not"):
            yield from probes(probe.get(word))


def _sentences(items: list[Item]) -> Iterator[Problem]:
    first: dict[str, tuple[Item, str]] = {}
    for item in items:
        for key, text in _own_sentences(item):
            plain = " ".join(re.findall(r"\w+", text.lower()))
            if plain in first:
                other, there = first[plain]
                yield _at(
                    item, f"{key}: the same sentence stands at {other.id} {there}: {text[:60]}"
                )
            first.setdefault(plain, (item, key))


def _own_sentences(item: Item) -> Iterator[tuple[str, str]]:
    """What the catalog says itself; titles of papers and pages may well come again."""
    yield from ((key, item.data[key]) for key in ("title", "why", "how"))
    yield from (("what", option["what"]) for option in item.data.get("options") or ())


def _spellings(items: list[Item]) -> Iterator[Problem]:
    spelt: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in items:
        for field in ("options", "methods"):
            for each in item.data.get(field) or ():
                spelt[re.sub(r"[\s_-]", "", each["name"].lower())].setdefault(each["name"], item)
    for ways in spelt.values():
        if len(ways) > 1:
            first, *others = ways
            yield from (
                _at(ways[other], f"name: {other!r} is spelt {first!r} at {ways[first].id}")
                for other in others
            )
