"""`checklist expiring`: ticks and waivers that expire soon, as a list for the weekly issue."""

import argparse
from datetime import date, timedelta
from typing import NamedTuple

from ml_checklist.commands import common
from ml_checklist.commands.common import Command, formats, given
from ml_checklist.errors import DataError
from ml_checklist.render import data
from ml_checklist.render.style import cell, code
from ml_checklist.state import gate, signatures
from ml_checklist.state.status import NOT_APPLICABLE, PASS, STALE, WAIVED, Status
from ml_checklist.state.survey import Survey

MAX_DAYS = 3650
_TITLES = {
    "over": "Over: counts as open until somebody looks again",
    "soon": "Ends within {days} days",
    "unused": "Waivers that nothing needs any more",
}


class Entry(NamedTuple):
    """One tick or waiver; `what` is over, soon or unused, `until` its last day where it has one."""

    what: str
    item: str
    until: date | None
    by: str
    todo: str


def expiring(args: argparse.Namespace) -> bool:
    """Print the list, nothing when there is nothing; time that passes is no failure."""
    if not 0 <= args.days <= MAX_DAYS:
        raise DataError(f"--days: {args.days} must lie between 0 and {MAX_DAYS}")
    found = entries(common.surveyed(args), args.days)
    if args.format == "json":
        print(data.dump([entry._asdict() for entry in found]))
    elif found:
        print(_markdown(found, args.days))
    return True


def entries(survey: Survey, days: int) -> list[Entry]:
    """Everything that is over, ends within `days`, or is a waiver without use."""
    today = survey.project.today
    limit = today + timedelta(days=days)
    known = [status for status in survey.statuses.values() if status.tick or status.waiver]
    found = [_entry(status, today, limit) for status in known]
    listed, order = [each for each in found if each], list(_TITLES)
    return sorted(listed, key=lambda e: (order.index(e.what), e.until or date.max, e.item))


def _entry(status: Status, today: date, limit: date) -> Entry | None:
    name, waiver = status.item.id, status.waiver
    by_waiver = waiver is not None and status.state == STALE and signatures.expired(waiver, today)
    if status.calendar or by_waiver:
        until = date.fromisoformat(waiver["until"]) if waiver and by_waiver else status.until
        by = waiver["approver"] if waiver and by_waiver else status.by
        return Entry("over", name, until, by, gate.todo(status))
    if waiver and status.state in (PASS, NOT_APPLICABLE) and not status.excused:
        file = f"checklist/waivers/{name}.yml"
        return Entry("unused", name, None, waiver["approver"], f"delete `{file}`")
    if status.state in (PASS, WAIVED) and status.until and status.until <= limit:
        # What is to do is asked of the item as it will be then.
        kept = {"waiver": waiver, "tick": None} if status.state == WAIVED else {"waiver": None}
        over = status._replace(state=STALE, **kept)
        return Entry("soon", name, status.until, status.by, gate.todo(over))
    return None


def _markdown(found: list[Entry], days: int) -> str:
    lines: list[str] = []
    for what, title in _TITLES.items():
        own = [entry for entry in found if entry.what == what]
        lines += ["", f"**{title.format(days=days)}**", ""] if own else []
        for entry in own:
            # Dates and not days left: the list stays the same until something happens.
            day = f"{entry.until}, " if entry.until else ""
            todo = cell(entry.todo) if set("|<") & set(entry.todo) else entry.todo
            lines.append(f"* `{entry.item}`: {day}by {code(entry.by)}; {todo}")
    return "\n".join(lines[1:])


_DAYS = given("--days", type=int, default=30, metavar="N", help="how far ahead (30)")
COMMANDS: dict[str, Command] = {"expiring": (expiring, (_DAYS, formats("md", "json")))}
