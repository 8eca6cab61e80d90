"""Read the catalog together with an organisation's own items: overlays only add and tighten."""

from pathlib import Path
from typing import Any

from ml_checklist import yaml_io
from ml_checklist.catalog import cache
from ml_checklist.catalog.items import RANK, Catalog, Item, Section
from ml_checklist.catalog.load import Reader
from ml_checklist.catalog.rules import broken_rules
from ml_checklist.catalog.schema import LEVELS, OVERLAY, SECTION
from ml_checklist.errors import Problem, nearest, refuse
from ml_checklist.probes import walk
from ml_checklist.shapes import Keys, check

LOOSENED = "an overlay only tightens; to be let off for a time, use `checklist waive`"
TIGHTENED = ("phase", "level", "max_age_days")
BOUNDS = ("min", "max")


def load_all(folder: Path, where: str) -> Catalog:
    """The catalog in `folder` with the overlays in its sibling `catalog.d`."""
    catalog = cache.load(folder, where)
    for path in sorted((folder.parent / "catalog.d").glob("*.yml")):
        name = f"{Path(where).parent.as_posix()}/catalog.d/{path.name}"
        data = yaml_io.load(path, name)
        refuse(check(OVERLAY, data, name))
        catalog = _tightened(catalog, data.get("tighten") or (), name)
        catalog = _added(catalog, data, name) if "items" in data else catalog
    return catalog


def _added(catalog: Catalog, data: dict[str, Any], where: str) -> Catalog:
    reader = Reader(catalog.facts)
    reader.sections, reader.all_items = dict(catalog.sections), list(catalog.items.values())
    reader.retired = dict(catalog.retired)
    name = data.get("section", "")
    if name not in catalog.sections:
        heading = {key: value for key, value in data.items() if key in SECTION}
        reader.problems += check(Keys(**SECTION), heading, where)
        if not reader.problems:
            reader.sections[name] = Section(*(heading[key] for key in SECTION))
    for raw in data["items"]:
        if isinstance(raw, dict) and not str(raw.get("id", "")).startswith(("org.", "x.")):
            text = f"{raw.get('id')}: id: an item of your own starts with org. or x."
            reader.problems.append(Problem(where, getattr(raw, "line", 0), text))
        else:
            reader.item(raw, name, where)
    grown = reader.catalog(catalog.folder)
    if any(item.file == where for item in reader.all_items):
        broken = broken_rules(grown, reader.all_items)
        reader.problems += [problem for problem in broken if problem.where == where]
    refuse(reader.problems)
    return grown


def _tightened(catalog: Catalog, demands: Any, where: str) -> Catalog:
    items, problems = dict(catalog.items), []
    # Where an update took an item away, nothing is left to tighten.
    for demand in [each for each in demands if each["id"] not in catalog.retired]:
        item, name = catalog.resolve(demand["id"]), demand["id"]
        if item:
            faults = [f"{item.id}: {text}; {LOOSENED}" for text in _looser(items[item.id], demand)]
            items[item.id] = _stricter(items[item.id], demand)
        else:
            faults = [f"unknown item {name!r}{nearest(name, items)}"]
        problems += [Problem(where, demand.line, fault) for fault in faults]
    refuse(problems)
    return catalog._replace(items=items)


def _looser(item: Item, demand: dict[str, Any]) -> list[str]:
    found, wanted = [], {**item.data, **demand}
    if RANK[wanted["phase"]] > RANK[item.phase]:
        found.append(f"phase: {wanted['phase']} comes later than {item.phase}")
    if LEVELS.index(wanted["level"]) > LEVELS.index(item.level):
        found.append(f"level: {wanted['level']} asks for less than {item.level}")
    age = item.data.get("max_age_days")
    if age and wanted["max_age_days"] > age:
        found.append(f"max_age_days: {wanted['max_age_days']} is longer than {age}")
    for key in [key for key in BOUNDS if key in demand]:
        own = [probe[key] for probe in walk(item.probe) if key in probe]
        bound = max(own, default=None) if key == "min" else min(own, default=None)
        if bound is None:
            found.append(f"{key}: has no probe with a {key}")
        elif demand[key] < bound if key == "min" else demand[key] > bound:
            found.append(f"{key}: {demand[key]} asks for less than {bound}")
    return found


def _stricter(item: Item, demand: dict[str, Any]) -> Item:
    changes: dict[str, Any] = {key: demand[key] for key in TIGHTENED if key in demand}
    bounds = {key: demand[key] for key in BOUNDS if key in demand}
    probe = {"probe": _bounded(item.probe, bounds)} if bounds and item.probe else {}
    own = {key: changes[key] for key in ("phase", "level") if key in changes}
    return item._replace(data={**item.data, **changes, **probe}, **own)


def _bounded(probe: Any, bounds: dict[str, float]) -> Any:
    if isinstance(probe, list):
        return [_bounded(part, bounds) for part in probe]
    if not isinstance(probe, dict):
        return probe
    own = {key: bounds[key] for key in bounds if key in probe}
    return {**{key: _bounded(value, bounds) for key, value in probe.items()}, **own}
