"""Read the catalog: one YAML file a section, refused with a line for each mistake."""

from pathlib import Path
from typing import Any

from ml_checklist import yaml_io
from ml_checklist.catalog import conditions
from ml_checklist.catalog.conditions import Condition, Fact
from ml_checklist.catalog.items import Catalog, Item, Section
from ml_checklist.catalog.rules import broken_rules
from ml_checklist.catalog.schema import FACTS, ITEM, SECTION, TOMBSTONE
from ml_checklist.errors import DataError, Problem, nearest, refuse
from ml_checklist.shapes import Keys, ListOf, Shape, check

_FILE = Keys(**SECTION, items=ListOf(Shape(), 1))


def load(folder: Path, where: str | None = None) -> Catalog:
    """The catalog in `folder`; raises DataError with every mistake found."""
    name = where or folder.as_posix()
    files = sorted(path for path in folder.glob("*.yml") if path.name != "facts.yml")
    if not files:
        text = "holds no catalog (*.yml); name another folder with --catalog"
        raise DataError(Problem(name, 0, text))
    reader = Reader(load_facts(folder / "facts.yml", f"{name}/facts.yml"))
    for path in files:
        reader.file(path, f"{name}/{path.name}")
    catalog = reader.catalog(folder)
    reader.problems += broken_rules(catalog, reader.all_items)
    refuse(reader.problems)
    return catalog


def load_facts(path: Path, where: str) -> dict[str, Fact]:
    if not path.exists():
        return {}
    data = yaml_io.load(path, where)
    refuse(check(FACTS, data, where))
    found = {}
    for raw in data["facts"]:
        written = {"choices": (), **{key: raw[key] for key in Fact._fields if key in raw}}
        found[raw["name"]] = Fact(**{**written, "choices": tuple(written["choices"])})
    return found


class Reader:
    """Collects sections, items and problems file by file."""

    def __init__(self, facts: dict[str, Fact]) -> None:
        self.facts = facts
        self.problems: list[Problem] = []
        self.sections: dict[str, Section] = {}
        self.all_items: list[Item] = []
        self.retired: dict[str, dict[str, Any]] = {}
        self._parsed: dict[str, Condition] = {}

    def file(self, path: Path, where: str) -> None:
        try:
            data = yaml_io.load(path, where)
            refuse(check(_FILE, data, where))
        except DataError as error:
            self.problems += [p for p in error.problems if isinstance(p, Problem)]
            return
        if data["section"] in self.sections:
            text = f"section {data['section']!r} stands in another file too; merge them"
            self.problems.append(Problem(where, 1, text))
        self.sections[data["section"]] = Section(*(data[key] for key in SECTION))
        for raw in data["items"]:
            self.item(raw, data["section"], where)

    def item(self, raw: Any, section: str, where: str) -> None:
        lifecycle = raw.get("lifecycle") if isinstance(raw, dict) else None
        gone = isinstance(lifecycle, dict) and lifecycle.get("state") == "retired"
        name = str(raw.get("id", "")) if isinstance(raw, dict) else ""
        faults = check(ITEM if not gone or "why" in raw else TOMBSTONE, raw, where, name)
        self.problems += faults
        if faults:
            return
        if gone:
            self.retired |= dict.fromkeys((name, *(raw.get("was") or ())), raw)
        else:
            self.take(raw, section, where, getattr(raw, "line", 0))

    def take(self, raw: dict[str, Any], section: str, where: str, line: int) -> None:
        """Add an item whose shape is known to be right."""
        written = {key: raw[key] for key in ("id", "rev", "title", "phase", "level", "kind")}
        written |= {"section": section, "file": where, "line": line}
        lifecycle, condition = raw["lifecycle"]["state"], self.condition(raw, where)
        self.all_items.append(Item(**written, lifecycle=lifecycle, condition=condition, data=raw))

    def condition(self, raw: dict[str, Any], where: str) -> Condition | None:
        """The parsed `when:` of an item; the same text is parsed once."""
        text = raw.get("when")
        if text is None:
            return None
        try:
            if text not in self._parsed:
                self._parsed[text] = conditions.parse(text, self.facts)
        except ValueError as error:
            line = getattr(raw, "lines", {}).get("when", 0)
            self.problems.append(Problem(where, line, f"{raw['id']}: when: {error}"))
            return None
        return self._parsed[text]

    def catalog(self, folder: Path) -> Catalog:
        """Everything read so far, in order."""
        sections = dict(sorted(self.sections.items(), key=lambda pair: pair[1].order))
        rank = {name: position for position, name in enumerate(sections)}
        ordered = sorted(self.all_items, key=lambda item: rank.get(item.section, len(rank)))
        items = {item.id: item for item in ordered}
        aliases = {old: item.id for item in ordered for old in item.data.get("was") or ()}
        return Catalog(folder, sections, items, aliases, self.retired, self.facts)


def find_item(catalog: Catalog, item_id: str) -> Item:
    """The item of this id or former id; DataError names the nearest."""
    item = catalog.resolve(item_id)
    if item:
        return item
    if item_id in catalog.retired:
        by = catalog.retired[item_id]["lifecycle"].get("replaced_by")
        raise DataError(f"{item_id} is retired" + (f"; see {by}" if by else "; nothing to do"))
    hint = nearest(item_id, catalog.items)
    raise DataError(f"unknown item {item_id!r}{hint}; `checklist status --all` lists all")
