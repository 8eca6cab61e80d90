"""What the calendar takes away: what has aged, what soon will, and waivers that nobody needs."""

from datetime import date, timedelta
from typing import NamedTuple

from ml_checklist import advice, waivers
from ml_checklist.render_markdown import cell, code
from ml_checklist.state import NOT_APPLICABLE, PASS, STALE, WAIVED, Status
from ml_checklist.survey import Survey

MAX_DAYS = 3650


class Entry(NamedTuple):
    """One tick or waiver; `what` is over, soon or unused, `until` its last day where it has one."""

    what: str
    item: str
    until: date | None
    by: str
    todo: str


def entries(survey: Survey, days: int) -> list[Entry]:
    """Everything that is over, ends within `days`, or is a waiver without use."""
    today = survey.project.today
    found = [_entry(status, today, today + timedelta(days=days)) for status in _known(survey)]
    return sorted((each for each in found if each), key=_order)


def _known(survey: Survey) -> list[Status]:
    return [status for status in survey.statuses.values() if status.tick or status.waiver]


def _order(entry: Entry) -> tuple[int, date, str]:
    return ("over", "soon", "unused").index(entry.what), entry.until or date.max, entry.item


def _entry(status: Status, today: date, limit: date) -> Entry | None:
    name, waiver = status.item.id, status.waiver
    if status.calendar:
        by_waiver = waiver is not None and waivers.expired(waiver, today)
        until = date.fromisoformat(waiver["until"]) if waiver and by_waiver else status.until
        by = waiver["approver"] if waiver and by_waiver else status.by
        return Entry("over", name, until, by, advice.todo(status))
    if waiver and status.state in (PASS, NOT_APPLICABLE):
        file = f"checklist/waivers/{name}.yml"
        return Entry("unused", name, None, waiver["approver"], f"delete `{file}`")
    if status.state in (PASS, WAIVED) and status.until and status.until <= limit:
        return Entry("soon", name, status.until, status.by, advice.todo(_as_over(status)))
    return None


def _as_over(status: Status) -> Status:
    waiver = status.waiver if status.state == WAIVED else None
    tick = None if waiver else status.tick
    return status._replace(state=STALE, waiver=waiver, tick=tick)


_TITLES = {
    "over": "Over: counts as open until somebody looks again",
    "soon": "Ends within {days} days",
    "unused": "Waivers that nothing needs any more",
}


def markdown(found: list[Entry], days: int) -> str:
    """A list for an issue; nothing at all when there is nothing to say."""
    lines: list[str] = []
    for what, title in _TITLES.items():
        own = [entry for entry in found if entry.what == what]
        if own:
            lines += ["", f"**{title.format(days=days)}**", "", *map(_line, own)]
    return "\n".join(lines[1:])


def _line(entry: Entry) -> str:
    # Dates and not days left: the list stays the same until something happens.
    day = f"{entry.until}, " if entry.until else ""
    todo = entry.todo if "|" not in entry.todo and "<" not in entry.todo else cell(entry.todo)
    return f"* `{entry.item}`: {day}by {code(entry.by)}; {todo}"
