"""What people set aside, n/a by hand, waivers and declines, and which of them count."""

from collections.abc import Iterator, Mapping
from typing import Any

from ml_checklist.catalog.items import Item
from ml_checklist.markdown import n_letters, repeats
from ml_checklist.state import records

MIN_LETTERS = 20  # of a reason
NA, WAIVER, DECLINE = "n/a", "waiver", "decline"


def reason_fault(text: str) -> str:
    """What keeps a reason from being a sentence, in any script; nothing if it is one."""
    letters = n_letters(text)
    if letters < MIN_LETTERS:
        return f"reason: {text!r} is no sentence: {letters} letters, at least {MIN_LETTERS}"
    return "reason: repeats itself; say in one sentence why" if repeats(text) else ""


def faults(kind: str, entry: Mapping[str, Any], item: Item, facts: Mapping[str, Any]) -> list[str]:
    """Why an n/a, a waiver or a decline of an item does not count."""
    found = [*_never(kind, item), reason_fault(str(entry.get("reason", "")))]
    if item.level == "must" and kind != DECLINE:
        found.append(_approver(entry, facts))
    return [fault for fault in found if fault]


def _never(kind: str, item: Item) -> Iterator[str]:
    if item.essential:
        yield "the item is essential: it can be met, not set aside"
    if kind == NA and item.kind == "auto":
        what = "waive it for a time" if item.level == "must" else "decline it"
        yield f"a tool measures this item, so nobody can call it n/a; {what}"
    if kind == DECLINE and item.level != "should":
        yield f"the item is a `{item.level}`, and only a `should` can be declined"


def _approver(entry: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    approver = entry.get("approver")
    if facts.get("team") is False or (approver and not same_person(entry["by"], approver)):
        return ""
    wrong = f"{approver} asked for it" if approver else "the item is a `must`"
    alone = "if you work alone, `checklist start team=false`"
    return f"approver: {wrong}, so another person approves; {alone}"


def same_person(one: str, other: str) -> bool:
    return one.strip().lstrip("@").casefold() == other.strip().lstrip("@").casefold()


def is_bot(entry: Mapping[str, Any]) -> list[str]:
    """Who of those that sign is no person."""
    bots = [key for key in ("by", "approver") if records.is_bot(str(entry.get(key, "")))]
    return [f"{key}: {entry[key]} is a bot; a person decides" for key in bots]
