"""The state of one item.

A total function of its condition, probe, tick, waiver and the calendar.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from ml_checklist import probes, ticks, waivers
from ml_checklist.conditions import Answer
from ml_checklist.finding import ERROR, FOUND, MISSING, UNKNOWN, Finding
from ml_checklist.items import Item
from ml_checklist.project import FILE, Project

PASS, FAIL, TODO, STALE, WAIVED = "pass", "fail", "todo", "stale", "waived"
NOT_APPLICABLE, UPCOMING = "not-applicable", "upcoming"
STATES = (PASS, FAIL, TODO, STALE, WAIVED, NOT_APPLICABLE, UPCOMING, UNKNOWN, ERROR)
MACHINE = "machine"


class Status(NamedTuple):
    """Where an item stands, and why.

    by: "machine" when a probe proved it, the signature of who vouched, or nothing.
    calendar: stale for no other reason than that time has passed.
    asks: facts that must be known before it is clear whether the item applies.
    blocked_by: items whose failure explains this one's.
    """

    item: Item
    state: str
    sentence: str
    by: str = ""
    finding: Finding | None = None
    tick: dict[str, Any] | None = None
    waiver: dict[str, Any] | None = None
    calendar: bool = False
    asks: frozenset[str] = frozenset()
    blocked_by: tuple[str, ...] = ()
    until: date | None = None

    @property
    def proven(self) -> bool:
        """Met, and a machine says so."""
        return self.state == PASS and self.by == MACHINE

    @property
    def vouched(self) -> bool:
        """Met, and a person says so."""
        return self.state == PASS and self.by != MACHINE


def status_of(
    item: Item, project: Project, tick: dict[str, Any] | None, waiver: dict[str, Any] | None
) -> Status:
    """The status of an item that is not retired."""
    answer = item.applies(project.facts)
    if answer.value is not False and not tick:
        # An item that is settled by an answer is a question until then, not a failure.
        answer = _with_answers_read(answer, item, project)
    if answer.value is False:
        return Status(
            item, NOT_APPLICABLE, f"by rule: {item.data['when']} is false", tick=tick, waiver=waiver
        )
    if answer.value is None:
        asked = ", ".join(sorted(answer.missing))
        return Status(
            item,
            UNKNOWN,
            f"depends on {asked}; run `checklist start`",
            asks=answer.missing,
            tick=tick,
            waiver=waiver,
        )
    status = _judged(item, project, tick)
    if item.lifecycle == UPCOMING:
        since = item.data["lifecycle"].get("active_in", "the next major version")
        return status._replace(
            state=UPCOMING, sentence=f"counts from {since}; now {status.state}: {status.sentence}"
        )
    return _waived(status, waiver, project.today)


def _with_answers_read(answer: Answer, item: Item, project: Project) -> Answer:
    known = project.catalog.facts
    read = {name for name in facts_read(item.probe) if name in known}
    missing = answer.missing | {name for name in read if project.facts.get(name) is None}
    return Answer(None, frozenset(missing)) if missing else answer


def facts_read(probe: Any) -> Iterator[str]:
    """The facts of project.yml that a probe looks at; one of several ways is no question."""
    if not isinstance(probe, dict):
        return
    at = str(probe.get("at", ""))
    if probe.get("file") == FILE and at.startswith("facts."):
        yield at.removeprefix("facts.")
    for part in probe.get("all") or ():
        yield from facts_read(part)


def _judged(item: Item, project: Project, tick: dict[str, Any] | None) -> Status:
    if tick and tick["status"] == NOT_APPLICABLE:
        return _not_applicable(item, tick)
    finding = probes.run(project.tree, item.probe, item.id, item.title) if item.probe else None
    if item.kind == "auto" and finding:
        return _by_probe(item, finding, tick)
    if item.kind == "hybrid" and finding and finding.outcome != FOUND:
        return _hybrid_red(item, finding, tick)
    if tick is None:
        word = (
            f"{finding.sentence}; vouch for it with `checklist tick {item.id}`"
            if finding
            else "nobody has vouched for it yet"
        )
        return Status(item, TODO, word, finding=finding)
    return _ticked(item, project, tick, finding)


def _not_applicable(item: Item, tick: dict[str, Any]) -> Status:
    if tick["item_rev"] < item.rev:
        return Status(
            item,
            STALE,
            f"the item changed since {tick['by']} said it does not apply",
            by=tick["by"],
            tick=tick,
        )
    return Status(item, NOT_APPLICABLE, tick["reason"], by=tick["by"], tick=tick)


def _by_probe(item: Item, finding: Finding, tick: dict[str, Any] | None) -> Status:
    state = {FOUND: PASS, MISSING: FAIL, UNKNOWN: UNKNOWN, ERROR: ERROR}[finding.outcome]
    if state == FAIL and finding.location.startswith(FILE):
        state = TODO  # `checklist start` has not been answered: open, and nothing is wrong
    return Status(
        item,
        state,
        finding.sentence,
        by=MACHINE if state == PASS else "",
        finding=finding,
        tick=tick,
    )


def _hybrid_red(item: Item, finding: Finding, tick: dict[str, Any] | None) -> Status:
    if finding.outcome == ERROR:
        return Status(item, ERROR, finding.sentence, finding=finding, tick=tick)
    if finding.outcome == UNKNOWN:
        return Status(item, UNKNOWN, finding.sentence, finding=finding, tick=tick)
    if tick:
        # Somebody vouched for what a machine can see is not so: that is worse than open.
        return Status(
            item,
            FAIL,
            f"{finding.sentence}, though {tick['by']} vouched for it",
            by=tick["by"],
            finding=finding,
            tick=tick,
        )
    return Status(item, TODO, finding.sentence, finding=finding)


def _ticked(item: Item, project: Project, tick: dict[str, Any], finding: Finding | None) -> Status:
    until = ticks.expires(tick, item)
    reason = ticks.why_stale(tick, item, project.tree)
    if reason:
        return Status(item, STALE, reason, by=tick["by"], finding=finding, tick=tick, until=until)
    if until and until < project.today:
        days = item.data["max_age_days"]
        text = f"{tick['by']} vouched on {tick['date']}, more than {days} days ago"
        return Status(
            item, STALE, text, by=tick["by"], finding=finding, tick=tick, calendar=True, until=until
        )
    return Status(
        item,
        PASS,
        f"{tick['by']} vouched on {tick['date']}",
        by=tick["by"],
        finding=finding,
        tick=tick,
        until=until,
    )


def _waived(status: Status, waiver: dict[str, Any] | None, today: date) -> Status:
    if waiver is None:
        return status
    status = status._replace(waiver=waiver)
    if status.state in (PASS, NOT_APPLICABLE, ERROR) or waiver["item_rev"] < status.item.rev:
        return status
    if waivers.expired(waiver, today):
        text = f"the waiver by {waiver['approver']} ended on {waiver['until']}; {status.sentence}"
        return status._replace(state=STALE, calendar=True, sentence=text, by="")
    text = f"{waiver['reason']} (until {waiver['until']}, {waiver['approver']})"
    return status._replace(
        state=WAIVED,
        sentence=text,
        by=waiver["approver"],
        until=date.fromisoformat(waiver["until"]),
    )
