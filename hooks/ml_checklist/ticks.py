"""Ticks: what a person vouches for, one file an item."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ml_checklist import atomic, evidence, statefiles, yaml_write
from ml_checklist.errors import Problem
from ml_checklist.item_shapes import TICK
from ml_checklist.items import Catalog, Item
from ml_checklist.statefiles import Folder
from ml_checklist.tree import Tree


def load(home: Path, catalog: Catalog, today: date) -> Folder:
    """All ticks of the project at `home`."""
    folder = statefiles.read(home / "checklist/ticks", TICK, catalog)
    for name, tick in list(folder.entries.items()):
        problems, warnings = _check(tick, folder.files[name], catalog.items[name], today)
        folder.problems.extend(problems)
        folder.warnings.extend(warnings)
        if problems:
            del folder.entries[name]
    return folder


def _check(
    tick: dict[str, Any], where: str, item: Item, today: date
) -> tuple[list[Problem], list[Problem]]:
    problems = list(statefiles.bad_dates(tick, where, "date"))
    day = statefiles.real_date(tick["date"])
    # One day of grace: midnight comes earlier elsewhere.
    if day and day > today + timedelta(days=1):
        problems.append(Problem(where, 0, f"date: {tick['date']} lies in the future"))
    if statefiles.is_bot(tick["by"]):
        problems.append(Problem(where, 0, f"by: {tick['by']} is a bot; a person vouches"))
    if tick["status"] == "done" and not tick.get("evidence"):
        problems.append(Problem(where, 0, "done needs evidence; add a path or url"))
    if tick["status"] == "not-applicable" and not tick.get("reason"):
        problems.append(Problem(where, 0, "not-applicable needs a reason"))
    problems += [
        Problem(where, 0, text)
        for entry in tick.get("evidence", ())
        for text in _entry(entry, item, older=tick["item_rev"] < item.rev)
    ]
    warnings = []
    if tick["item_rev"] > item.rev:
        warnings.append(
            Problem(where, 0, f"item_rev {tick['item_rev']} is newer than the catalog's {item.rev}")
        )
    if item.kind == "auto" and tick["status"] == "done":
        warnings.append(
            Problem(where, 0, "this item is proven by a tool now; you may delete this file")
        )
    return problems, warnings


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


def why_stale(tick: dict[str, Any], item: Item, tree: Tree) -> str:
    """What has moved since somebody vouched, apart from the calendar; nothing if nothing has."""
    if tick["item_rev"] < item.rev:
        note = item.data["lifecycle"].get("note")
        return (
            f"the item asks for more since {tick['by']} vouched for it{f': {note}' if note else ''}"
        )
    for entry in tick.get("evidence", ()):
        reason = evidence.moved(tree, entry)
        if reason:
            return f"{reason} {tick['by']} vouched for it" if reason.endswith("since") else reason
    return ""


def expires(tick: dict[str, Any], item: Item) -> date | None:
    """The last day on which the tick holds, None when it does not age."""
    days, day = item.data.get("max_age_days"), statefiles.real_date(tick["date"])
    return day + timedelta(days=days) if days and day else None


def write(home: Path, item_id: str, tick: dict[str, Any]) -> str:
    """Write one tick and return its file."""
    name = f"checklist/ticks/{item_id}.yml"
    order = ("status", "by", "date", "item_rev", "reason", "evidence")
    atomic.write(home / name, yaml_write.dump({key: tick[key] for key in order if tick.get(key)}))
    return name
