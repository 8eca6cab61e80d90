"""Waivers: what applies and is not met, for a time, by leave of another person."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ml_checklist import atomic, statefiles, yaml_write
from ml_checklist.errors import Problem
from ml_checklist.item_shapes import WAIVER
from ml_checklist.items import Catalog
from ml_checklist.statefiles import Folder

MAX_DAYS = 180


def load(home: Path, catalog: Catalog, today: date) -> Folder:
    """All waivers of the project at `home`."""
    folder = statefiles.read(home / "checklist/waivers", WAIVER, catalog)
    for name, waiver in list(folder.entries.items()):
        where = folder.files[name]
        problems = [Problem(where, 0, text) for text in faults(waiver, today)]
        problems += statefiles.bad_dates(waiver, where, "date", "until")
        folder.problems.extend(problems)
        if problems:
            del folder.entries[name]
        elif waiver["item_rev"] < catalog.items[name].rev:
            text = "the item asks for more than when this was granted; renew or delete it"
            folder.warnings.append(Problem(where, 0, text))
    return folder


def faults(waiver: dict[str, Any], today: date) -> list[str]:
    """What makes a waiver worthless from the start."""
    found = []
    if same_person(waiver["by"], waiver["approver"]):
        found.append(f"approver: {waiver['approver']} asked for it; another person approves")
    found += [
        f"{key}: {waiver[key]} is a bot; a person decides"
        for key in ("by", "approver")
        if statefiles.is_bot(waiver[key])
    ]
    start, end = statefiles.real_date(waiver["date"]), statefiles.real_date(waiver["until"])
    if start and start > today + timedelta(days=1):
        found.append(f"date: {start} lies in the future")
    if start and end and not start <= end <= start + timedelta(days=MAX_DAYS):
        found.append(f"until: {end} must lie within {MAX_DAYS} days after {start}")
    return found


def same_person(one: str, other: str) -> bool:
    """Whether two signatures are one person's."""
    return one.strip().lstrip("@").casefold() == other.strip().lstrip("@").casefold()


def expired(waiver: dict[str, Any], today: date) -> bool:
    """Whether its last day is over."""
    end = statefiles.real_date(waiver["until"])
    return end is None or end < today


def write(home: Path, item_id: str, waiver: dict[str, Any]) -> str:
    """Write one waiver and return its file."""
    name = f"checklist/waivers/{item_id}.yml"
    order = ("reason", "by", "approver", "date", "until", "item_rev")
    atomic.write(home / name, yaml_write.dump({key: waiver[key] for key in order}))
    return name
