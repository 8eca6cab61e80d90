"""The one thing to do about an item, in a line: its probe's remedy, or the first step of `how`."""

import re

from ml_checklist.items import Item
from ml_checklist.state import STALE, TODO, Status

_LONG, _TOO_LONG = 100, 160
_ASIDE = re.compile(r" \([^()]{20,}\)")
_NEXT = re.compile(r", (then|and|so|or|which|where|with)\b")
_PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "`": "`"}


def todo(status: Status) -> str:
    """What to do next about an item that is open."""
    item, finding = status.item, status.finding
    if status.blocked_by:
        return f"waits for {', '.join(status.blocked_by)}"
    if status.state == STALE:
        return _again(status)
    if finding and not finding.holds and finding.remedy:
        return finding.remedy
    if finding and finding.holds and status.state == TODO:
        return f"vouch for it: `checklist tick {item.id} -e {expected(item)}`"
    return first_step(item.data["how"])


def _again(status: Status) -> str:
    item = status.item
    if status.waiver and not status.tick:
        return f"do the work, or ask for more time: `checklist waive {item.id}`"
    return f"read it again, then `checklist tick {item.id} -e {expected(item)}`"


def expected(item: Item) -> str:
    """The evidence that a tick of this item cites."""
    files = (item.data.get("evidence") or {}).get("files")
    if files:
        return str(files[0])
    return "|".join(kind.upper() for kind in sorted(item.accept))


def first_step(how: str) -> str:
    """The first step of a `how`: up to the first stop; of a long one, its first half."""
    text = " ".join(how.split())
    stops = [at for at in _outside(text, ".;:") if text[at + 1 : at + 2] in ("", " ")]
    step = text[: stops[0]] if stops else text
    if len(step) > _TOO_LONG:
        step = _ASIDE.sub("", step).split(" - ", 1)[0]
    commas = [at for at in _outside(step, ",") if 20 <= at <= _TOO_LONG]
    ends = [at for at in commas if at <= _LONG and _NEXT.match(step, at)]
    # A comma before `then` ends a step; any other may stand in a list, and is the last resort.
    if len(step) > _LONG and ends:
        step = step[: ends[-1]]
    elif len(step) > _TOO_LONG and commas:
        step = step[: commas[-1]]
    first = step.split(" ", 1)[0]
    return step[0].lower() + step[1:] if first[1:].islower() or len(first) == 1 else step


def _outside(text: str, marks: str) -> list[int]:
    """Where one of `marks` stands outside of quotes and brackets."""
    found, close = [], ""
    for at, char in enumerate(text):
        if close:
            close = "" if char == close else close
        elif char in _PAIRS and (char != '"' or text[at + 1 :].count('"') % 2):
            close = _PAIRS[char]
        elif char in marks:
            found.append(at)
    return found
