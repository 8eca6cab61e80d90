"""Rules that no single item can break alone.

Unique ids, living references, kinds that fit probes.
"""

from collections.abc import Iterator

from ml_checklist.errors import Problem, nearest
from ml_checklist.items import Catalog, Item


def broken_rules(catalog: Catalog, items: list[Item]) -> list[Problem]:
    """Every rule that the items break together; `items` still holds duplicates."""
    found = [*_identities(catalog, items)]
    for item in items:
        found += [_at(item, key, text) for key, text in (*_own(item), *_references(catalog, item))]
    return found


def _at(item: Item, key: str, text: str) -> Problem:
    line = getattr(item.data, "lines", {}).get(key, item.line)
    return Problem(item.file, line, f"{item.id}: {key}: {text}")


def _identities(catalog: Catalog, items: list[Item]) -> Iterator[Problem]:
    owner: dict[str, Item] = {}
    for item in items:
        for name in (item.id, *(item.data.get("was") or ())):
            key = "id" if name == item.id else "was"
            if name in owner:
                first = owner[name]
                yield _at(
                    item,
                    key,
                    f"{name!r} is taken by {first.id} in {first.file}:{first.line}; ids "
                    "are never reused",
                )
            elif name in catalog.retired:
                yield _at(item, key, f"{name!r} is a retired id; ids are never reused")
            owner.setdefault(name, item)


def _own(item: Item) -> Iterator[tuple[str, str]]:
    prefix = item.id.split(".")[0]
    if prefix not in (item.section, "org", "x"):
        yield "id", f"must start with its section; got {prefix!r} in section {item.section!r}"
    if item.kind in ("auto", "hybrid") and not item.probe:
        yield "kind", f"{item.kind} needs a probe; add one, or say attest"
    if item.kind == "attest" and item.probe and item.level != "may":
        yield "kind", "attest has no probe unless the level is may; say hybrid, or drop the probe"
    if item.kind == "auto" and item.data.get("evidence"):
        yield "evidence", "auto is never ticked by hand; drop the evidence"


def _references(catalog: Catalog, item: Item) -> Iterator[tuple[str, str]]:
    for name in item.requires:
        if name == item.id:
            yield "requires", "names the item itself"
        elif name not in catalog.items:
            yield "requires", f"unknown item {name!r}{nearest(name, catalog.items)}"
        elif _reaches(catalog, name, item.id):
            yield "requires", f"{name} requires {item.id} in turn; break the circle"
    by = item.data["lifecycle"].get("replaced_by")
    if by and by not in catalog.items:
        yield "lifecycle", f"unknown item {by!r}{nearest(by, catalog.items)}"
    for name in proven_ids(item.probe):
        if name not in catalog.items:
            yield "probe", f"proven: unknown item {name!r}{nearest(name, catalog.items)}"


def proven_ids(probe: object) -> Iterator[str]:
    """The items whose tests a probe asks for, other than its own."""
    if isinstance(probe, list):
        for part in probe:
            yield from proven_ids(part)
    elif isinstance(probe, dict):
        if probe.get("type") == "proven" and "item" in probe:
            yield str(probe["item"])
        for word in ("all", "any", "not"):
            yield from proven_ids(probe.get(word))


def _reaches(catalog: Catalog, start: str, goal: str) -> bool:
    seen, todo = {start}, [start]
    while todo:
        item = catalog.items.get(todo.pop())
        for name in item.requires if item else ():
            if name == goal:
                return True
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return False
