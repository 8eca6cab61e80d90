"""Ticks of items that became one item: all of them together stand for it."""

from typing import Any

from ml_checklist.catalog.items import Catalog, Item
from ml_checklist.state.records import Folder


def join(ticks: Folder, catalog: Catalog) -> None:
    """Raise the tick of a merged item to the rev of the merge, where its parts are ticked too.

    The joint tick has the evidence of all, and the date of the oldest.
    """
    for item in catalog.items.values():
        own = ticks.entries.get(item.id)
        if own and "merged" in item.data and own["item_rev"] == item.data["merged"]["rev"] - 1:
            parts = _parts(item, ticks, catalog)
            if parts:
                ticks.entries[item.id] = _joint(own, parts, item.data["merged"]["rev"])
                _keep_files(ticks, item.data["merged"]["ids"])


def _parts(item: Item, ticks: Folder, catalog: Catalog) -> list[dict[str, Any]]:
    """The ticks of all parts; nothing if one is missing, old, or no sign-off."""
    found = []
    for name in item.data["merged"]["ids"]:
        tick = ticks.former.get(name, {})
        if tick.get("status") != "done" or tick["item_rev"] < catalog.retired[name]["rev"]:
            return []
        found.append(tick)
    return found


def _joint(own: dict[str, Any], parts: list[dict[str, Any]], rev: int) -> dict[str, Any]:
    every = [own, *parts]
    evidence = [entry for tick in every for entry in tick.get("evidence", ())]
    return {
        **own,
        "date": min(tick["date"] for tick in every),
        "item_rev": rev,
        "evidence": evidence,
    }


def _keep_files(ticks: Folder, names: list[str]) -> None:
    """Do not call files superfluous that still count."""
    used = {f"checklist/ticks/{name}.yml" for name in names}
    ticks.warnings[:] = [each for each in ticks.warnings if each.where not in used]
