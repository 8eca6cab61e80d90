"""Ticks and waivers, one file an item: what a person signs off, and what is excused for a time."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ml_checklist import files, yaml_io
from ml_checklist.catalog.items import Catalog, Item
from ml_checklist.catalog.schema import TICK, WAIVER
from ml_checklist.errors import Problem
from ml_checklist.probes.tree import Tree
from ml_checklist.state import evidence, records
from ml_checklist.state.records import Folder

MAX_DAYS = 180  # of a waiver
# One day of grace: midnight comes earlier elsewhere.
GRACE = timedelta(days=1)
_TICK = ("status", "by", "date", "item_rev", "reason", "evidence")
_WAIVER = ("reason", "by", "approver", "date", "until", "item_rev")


def load_ticks(home: Path, catalog: Catalog, today: date) -> Folder:
    folder = records.read(home / "checklist/ticks", TICK, catalog)
    for name, tick in list(folder.entries.items()):
        where, item = folder.files[name], catalog.items[name]
        problems = list(records.bad_dates(tick, where, "date"))
        problems += [Problem(where, 0, text) for text in _tick_faults(tick, item, today)]
        folder.warnings.extend(Problem(where, 0, text) for text in _tick_hints(tick, item))
        _keep(folder, name, problems)
    return folder


def load_waivers(home: Path, catalog: Catalog, today: date) -> Folder:
    folder = records.read(home / "checklist/waivers", WAIVER, catalog)
    for name, waiver in list(folder.entries.items()):
        where = folder.files[name]
        problems = [Problem(where, 0, text) for text in waiver_faults(waiver, today)]
        problems += records.bad_dates(waiver, where, "date", "until")
        if not problems and waiver["item_rev"] < catalog.items[name].rev:
            text = "the item asks for more than when this was granted; renew or delete it"
            folder.warnings.append(Problem(where, 0, text))
        _keep(folder, name, problems)
    return folder


def _keep(folder: Folder, name: str, problems: list[Problem]) -> None:
    folder.problems.extend(problems)
    if problems:
        del folder.entries[name]


def _tick_faults(tick: dict[str, Any], item: Item, today: date) -> list[str]:
    found = []
    day = records.real_date(tick["date"])
    if day and day > today + GRACE:
        found.append(f"date: {tick['date']} lies in the future")
    if records.is_bot(tick["by"]):
        found.append(f"by: {tick['by']} is a bot; a person signs")
    if tick["status"] == "done" and not tick.get("evidence"):
        found.append("done needs evidence; add a path or url")
    if tick["status"] == "not-applicable" and not tick.get("reason"):
        found.append("not-applicable needs a reason")
    older = tick["item_rev"] < item.rev
    entries = tick.get("evidence", ())
    return found + [text for entry in entries for text in _entry(entry, item, older=older)]


def _entry(entry: dict[str, Any], item: Item, *, older: bool) -> list[str]:
    """What is wrong with one entry; of an older tick the item may ask for other kinds by now."""
    kinds = [kind for kind in ("path", "url") if kind in entry]
    if len(kinds) != 1:
        return [f"evidence: needs one of path and url, got {' and '.join(kinds) or 'neither'}"]
    if kinds == ["path"] and "git" not in entry:
        return [f"evidence: {entry['path']} has no content id `git`; run `checklist tick` again"]
    if kinds[0] not in item.accept and not older:
        return [f"evidence: {item.id} accepts {' or '.join(item.accept)}, not {kinds[0]}"]
    return []


def _tick_hints(tick: dict[str, Any], item: Item) -> list[str]:
    found = []
    if tick["item_rev"] > item.rev:
        found.append(f"item_rev {tick['item_rev']} is newer than the catalog's {item.rev}")
    if item.kind == "auto" and tick["status"] == "done":
        found.append("this item is proven by a tool now; you may delete this file")
    return found


def why_stale(tick: dict[str, Any], item: Item, tree: Tree) -> str:
    """What has moved since somebody signed off, apart from the date; nothing if nothing has."""
    if tick["item_rev"] < item.rev:
        note = item.data["lifecycle"].get("note")
        more = f": {note}" if note else ""
        return f"the item asks for more since {tick['by']} signed off{more}"
    for entry in tick.get("evidence", ()):
        reason = evidence.moved(tree, entry)
        if reason:
            return f"{reason} {tick['by']} signed off" if reason.endswith("since") else reason
    return ""


def last_day(tick: dict[str, Any], item: Item) -> date | None:
    """The last day on which the tick holds, None when it does not age."""
    days, day = item.data.get("max_age_days"), records.real_date(tick["date"])
    return day + timedelta(days=days) if days and day else None


def waiver_faults(waiver: dict[str, Any], today: date) -> list[str]:
    """What makes a waiver invalid from the start."""
    found = []
    if same_person(waiver["by"], waiver["approver"]):
        found.append(f"approver: {waiver['approver']} asked for it; another person approves")
    bots = [key for key in ("by", "approver") if records.is_bot(waiver[key])]
    found += [f"{key}: {waiver[key]} is a bot; a person decides" for key in bots]
    start, end = records.real_date(waiver["date"]), records.real_date(waiver["until"])
    if start and start > today + GRACE:
        found.append(f"date: {start} lies in the future")
    if start and end and not start <= end <= start + timedelta(days=MAX_DAYS):
        found.append(f"until: {end} must lie within {MAX_DAYS} days after {start}")
    return found


def same_person(one: str, other: str) -> bool:
    return one.strip().lstrip("@").casefold() == other.strip().lstrip("@").casefold()


def expired(waiver: dict[str, Any], today: date) -> bool:
    end = records.real_date(waiver["until"])
    return end is None or end < today


def write_tick(home: Path, item_id: str, tick: dict[str, Any]) -> str:
    return _write(home, "ticks", item_id, {key: tick[key] for key in _TICK if tick.get(key)})


def write_waiver(home: Path, item_id: str, waiver: dict[str, Any]) -> str:
    return _write(home, "waivers", item_id, {key: waiver[key] for key in _WAIVER})


def _write(home: Path, kind: str, item_id: str, data: dict[str, Any]) -> str:
    name = f"checklist/{kind}/{item_id}.yml"
    files.write(home / name, yaml_io.dump(data))
    return name
