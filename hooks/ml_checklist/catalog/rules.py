"""Rules of a whole catalog: what makes it wrong, and what falls short of its quality (`--lint`)."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ml_checklist import markdown, yaml_io
from ml_checklist.catalog.items import Catalog, Item
from ml_checklist.errors import Problem, nearest
from ml_checklist.probes import walk


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
            key, first = "id" if name == item.id else "was", owner.setdefault(name, item)
            if name in catalog.retired:
                yield _at(item, key, f"{name!r} is a retired id; ids are never reused")
            elif first is not item:
                place = f"{first.id} in {first.file}:{first.line}"
                yield _at(item, key, f"{name!r} is taken by {place}; ids are never reused")


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
    for name in (item.data.get("merged") or {}).get("ids", ()):
        if name not in catalog.retired:
            yield "merged", f"{name!r} has no tombstone"
    for name in [probe["item"] for probe in walk(item.probe) if "item" in probe]:
        if name not in catalog.items:
            yield "probe", f"proven: unknown item {name!r}{nearest(name, catalog.items)}"


def _reaches(catalog: Catalog, start: str, goal: str) -> bool:
    seen, todo = {start}, [start]
    while todo:
        item = catalog.items.get(todo.pop())
        found = set(item.requires if item else ()) - seen
        if goal in found:
            return True
        seen |= found
        todo += found
    return False


# Share of items, or of methods, that must have the field.
FLOORS = {"refs": 0.90, "options or methods": 0.60, "papers": 0.80}
MOST_TITLE_WORDS, MOST_SHORT_WORDS, MOST_STEPS = 12, 4, 5
SHORT_STEP = 8  # words of a step that may stand in several items, such as a command
_TRACKERS = re.compile(r"[?&](utm_|fbclid|gclid|mc_cid|ref_src)")


def lint(catalog: Catalog) -> list[Problem]:
    items = list(catalog.items.values())
    found = [_at(item, *fault) for item in items for fault in (*_item(item), *_form(item))]
    found += [*_sentences(items), *_spellings(items), *_components(catalog, items)]
    for name, (n, total) in shares(items).items():
        if total and n / total < FLOORS[name]:
            text = f"{name}: {n} of {total}, the minimum is {FLOORS[name]:.0%}"
            found.append(Problem("catalog", 0, text))
    return sorted(found)


def shares(items: list[Item]) -> dict[str, tuple[int, int]]:
    """(filled, of) for each field that has a floor."""
    methods = [method for item in items for method in item.data.get("methods") or ()]
    chooses = [bool(item.data.get("options") or item.data.get("methods")) for item in items]
    return {
        "refs": (sum(bool(item.data.get("refs")) for item in items), len(items)),
        "options or methods": (sum(chooses), len(items)),
        "papers": (sum("paper" in method for method in methods), len(methods)),
    }


def _item(item: Item) -> Iterator[tuple[str, str]]:
    urls = [text for key, text in strings(item.data) if key == "url"]
    for number, url in enumerate(urls):
        if _TRACKERS.search(url) or url.startswith("http://"):
            yield "url", f"{url}: use https and no tracker"
        if url in urls[:number]:
            yield "url", f"{url} stands twice in this item; keep one"
    for key, text in _own_sentences(item):
        left = markdown.unfilled(text)
        if left:
            yield key, f"holds a placeholder: {left[1][:60]}"
    for probe in walk(item.probe):
        if probe.get("type") == "file" and "reason" not in probe:
            yield "probe", "only looks whether a file exists; look into it, or give a `reason`"


def _form(item: Item) -> Iterator[tuple[str, str]]:
    """What is wrong with the length and form of its words."""
    if not item.title[0].isupper() or item.title.endswith((".", "?")):
        yield "title", "is a sentence that can be true: a capital first, no stop at the end"
    if "short" not in item.data:
        yield "short", "is missing; add 2 to 4 words for maps"
        return
    n_title, n_short = len(item.title.split()), len(item.short.split())
    if n_title > MOST_TITLE_WORDS:
        yield "title", f"has {n_title} words, {MOST_TITLE_WORDS} are the most"
    if not 2 <= n_short <= MOST_SHORT_WORDS:
        yield "short", f"has {n_short} words, 2 to {MOST_SHORT_WORDS} are wanted"
    if isinstance(item.data["how"], str) or len(item.steps) > MOST_STEPS:
        yield "how", f"is a list of 1 to {MOST_STEPS} steps"
    if isinstance(item.data["effort"], str):
        yield "effort", f"is a number of minutes, not {item.data['effort']!r}"


def _components(catalog: Catalog, items: list[Item]) -> Iterator[Problem]:
    """Names of components that the template does not have; a project cannot tell."""
    path = catalog.folder.parent / "components.yml"
    if not path.is_file():
        return
    known = yaml_io.load(path, path.name, strict=False)["components"]
    for item in items:
        for name in [name for name in item.components if name not in known]:
            hint = nearest(name, known)
            yield _at(item, "component", f"{name!r} is not in components.yml{hint}")


def strings(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        for name, value in data.items():
            if name != "probe":
                yield from strings(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value, key)
    elif isinstance(data, str):
        yield key, data


def _sentences(items: list[Item]) -> Iterator[Problem]:
    first: dict[str, tuple[Item, str]] = {}
    for item in items:
        for key, text in _own_sentences(item):
            plain = " ".join(re.findall(r"\w+", text.lower()))
            if key == "how" and len(plain.split()) <= SHORT_STEP:
                continue
            if plain in first:
                other, there = first[plain]
                same = f"the same sentence stands at {other.id} {there}: {text[:60]}"
                yield _at(item, key, same)
            first.setdefault(plain, (item, key))


def _own_sentences(item: Item) -> Iterator[tuple[str, str]]:
    """What the catalog says itself; titles of papers and pages may well come again."""
    yield from (("title", item.title), ("why", item.data["why"]))
    yield from (("how", step) for step in item.steps)
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
            there = f"is spelt {first!r} at {ways[first].id}"
            yield from (_at(ways[other], "name", f"{other!r} {there}") for other in others)
