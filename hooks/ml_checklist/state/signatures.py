"""Ticks, waivers and declines, one file an item: what is signed off, excused or declined."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import files, yaml_io
from ml_checklist.catalog.items import Catalog, Item
from ml_checklist.catalog.schema import DECLINE, TICK, WAIVER
from ml_checklist.errors import Problem
from ml_checklist.probes.tree import Tree
from ml_checklist.state import evidence, records, set_aside
from ml_checklist.state.records import Folder

MAX_DAYS = 180  # of a waiver
# One day of grace: midnight comes earlier elsewhere.
GRACE = timedelta(days=1)
SHAPES = {"ticks": TICK, "waivers": WAIVER, "declines": DECLINE}
Entry = dict[str, Any]


class Signed(NamedTuple):
    """The ticks, waivers and declines of a project."""

    ticks: Folder
    waivers: Folder
    declines: Folder

    @property
    def problems(self) -> list[Problem]:
        """Files that cannot be read for what they are."""
        return [problem for folder in self for problem in folder.problems]

    @property
    def refused(self) -> list[Problem]:
        """Files that can be read and do not count."""
        return [problem for folder in self for problem in folder.refused.values()]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for folder in self for problem in folder.warnings]

    def of(self, name: str) -> tuple[Entry | None, Entry | None, Entry | None]:
        """The tick, the waiver and the decline of an item."""
        tick, waiver, decline = (folder.entries.get(name) for folder in self)
        return tick, waiver, decline


def load(home: Path, catalog: Catalog, facts: Mapping[str, Any], today: date) -> Signed:
    """Everything that people signed. What is inadmissible is listed, and counts as absent."""
    read = [records.read(home / "checklist" / each, SHAPES[each], catalog) for each in SHAPES]
    signed = Signed(*read)
    records.join(signed.ticks, catalog)
    for folder in signed:
        for name, entry in list(folder.entries.items()):
            _admit(folder, name, entry, (catalog.items[name], facts, today))
    return signed


def _admit(
    folder: Folder, name: str, entry: Entry, given: tuple[Item, Mapping[str, Any], date]
) -> None:
    """Keep an entry, or take it out with what is wrong."""
    item, facts, today = given
    where, days = folder.files[name], [key for key in ("date", "until") if key in entry]
    problems = [Problem(where, 0, text) for text in malformed(entry, item, today)]
    problems += records.bad_dates(entry, where, *days)
    refusals = [] if problems else inadmissible(entry, item, facts)
    folder.warnings.extend(Problem(where, 0, text) for text in _hints(entry, item))
    folder.problems.extend(problems)
    if refusals:
        folder.refused[name] = Problem(where, 0, f"does not count: {refusals[0]}")
    if problems or refusals:
        del folder.entries[name]


def kind_of(entry: Mapping[str, Any]) -> str:
    """What an entry is: done, n/a, waiver or decline."""
    if "status" in entry:
        return set_aside.NA if entry["status"] == "not-applicable" else "done"
    return set_aside.WAIVER if "until" in entry else set_aside.DECLINE


def malformed(entry: Entry, item: Item, today: date) -> list[str]:
    """What makes an entry invalid whatever its item asks for."""
    kind, start = kind_of(entry), records.real_date(entry["date"])
    found = set_aside.is_bot(entry)
    if start and start > today + GRACE:
        found.append(f"date: {start} lies in the future")
    if kind == set_aside.WAIVER:
        end = records.real_date(entry["until"])
        if start and end and not start <= end <= start + timedelta(days=MAX_DAYS):
            found.append(f"until: {end} must lie within {MAX_DAYS} days after {start}")
    return found + (_tick_faults(entry, item) if "status" in entry else [])


def inadmissible(entry: Entry, item: Item, facts: Mapping[str, Any]) -> list[str]:
    """Why a well-formed entry does not count for its item."""
    kind = kind_of(entry)
    found = [] if kind == "done" else set_aside.faults(kind, entry, item, facts)
    if entry["item_rev"] > item.rev:
        text = f"item_rev {entry['item_rev']} is newer than the catalog's {item.rev}"
        found.append(f"{text}; sign again")
    return found


def _tick_faults(tick: Entry, item: Item) -> list[str]:
    found = []
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
        return [f"accepts {' or '.join(item.accept)} as evidence, not a {kinds[0]}"]
    return []


def _hints(entry: Entry, item: Item) -> list[str]:
    kind = kind_of(entry)
    if kind == "done" and item.kind == "auto":
        return ["this item is proven by a tool now; you may delete this file"]
    if kind == set_aside.WAIVER and entry["item_rev"] < item.rev:
        return ["the item asks for more than when this was granted; renew or delete it"]
    return []


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


def expired(waiver: dict[str, Any], today: date) -> bool:
    end = records.real_date(waiver["until"])
    return end is None or end < today


def write(home: Path, folder: str, item_id: str, entry: Entry) -> str:
    """Write one entry into the folder `ticks`, `waivers` or `declines`; the name of its file."""
    name = f"checklist/{folder}/{item_id}.yml"
    kept = {key: entry[key] for key in SHAPES[folder].keys if entry.get(key)}
    files.write(home / name, yaml_io.dump(kept))
    return name
