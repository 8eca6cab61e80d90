"""The state of one item: it follows from its condition, probe, tick, waiver and today's date."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from ml_checklist import probes
from ml_checklist.catalog.conditions import Answer
from ml_checklist.catalog.items import Item
from ml_checklist.probes.finding import ERROR, FOUND, MISSING, UNKNOWN, Finding
from ml_checklist.state import signatures
from ml_checklist.state.project import FILE, Project

PASS, FAIL, TODO, STALE, WAIVED, DECLINED = "pass", "fail", "todo", "stale", "waived", "declined"
NOT_APPLICABLE, UPCOMING = "not-applicable", "upcoming"
# Nothing is left to do.
SETTLED = (PASS, WAIVED, DECLINED, NOT_APPLICABLE)
MACHINE = "machine"
LATE = timedelta(days=30)  # after its end, for which a waiver's item does not fail a gate


class Status(NamedTuple):
    """Where an item stands, and why.

    by: "machine" when a probe proved it, the name of who signed it off, or nothing.
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
    decline: dict[str, Any] | None = None
    calendar: bool = False
    asks: frozenset[str] = frozenset()
    blocked_by: tuple[str, ...] = ()
    until: date | None = None

    @property
    def proven(self) -> bool:
        """Met, as a machine found."""
        return self.state == PASS and self.by == MACHINE

    @property
    def signed_off(self) -> bool:
        return self.state == PASS and self.by != MACHINE

    @property
    def excused(self) -> bool:
        """Called not applicable by a person, not by a rule."""
        return self.state == NOT_APPLICABLE and bool(self.by)

    @property
    def set_aside(self) -> bool:
        """Settled by a person without being met."""
        return self.state in (WAIVED, DECLINED) or self.excused

    @property
    def settled(self) -> bool:
        return self.state in SETTLED


def status_of(
    item: Item,
    project: Project,
    tick: dict[str, Any] | None = None,
    waiver: dict[str, Any] | None = None,
    decline: dict[str, Any] | None = None,
) -> Status:
    answer = item.applies(project.facts)
    if answer.value is not False and not tick:
        # An item that is settled by an answer is a question until then, not a failure.
        read = [name for name in facts_read(item.probe) if name in project.catalog.facts]
        missing = answer.missing.union(name for name in read if project.facts.get(name) is None)
        answer = Answer(None, missing) if missing else answer
    start = Status(item, UNKNOWN, "", tick=tick, waiver=waiver, decline=decline)
    if answer.value is False:
        sentence = f"by rule: {item.data['when']} is false"
        return start._replace(state=NOT_APPLICABLE, sentence=sentence)
    if answer.value is None:
        facts = ", ".join(sorted(answer.missing))
        sentence = f"depends on {facts}; run `checklist start`"
        return start._replace(sentence=sentence, asks=answer.missing)
    status = _evaluated(item, project, tick)
    if item.lifecycle == UPCOMING:
        since = item.data["lifecycle"].get("active_in", "the next major version")
        sentence = f"counts from {since}; now {status.state}: {status.sentence}"
        return status._replace(state=UPCOMING, sentence=sentence)
    status = status._replace(waiver=waiver, decline=decline)
    status = _waived(status, waiver, project.today) if waiver else status
    return _declined(status, decline) if decline else status


def facts_read(probe: Any) -> Iterator[str]:
    """The facts of project.yml that a probe looks at; one of several ways is no question."""
    if not isinstance(probe, dict):
        return
    at = str(probe.get("at", ""))
    if probe.get("file") == FILE and at.startswith("facts."):
        yield at.removeprefix("facts.")
    for part in probe.get("all") or ():
        yield from facts_read(part)


def _evaluated(item: Item, project: Project, tick: dict[str, Any] | None) -> Status:
    if tick and tick["status"] == NOT_APPLICABLE:
        return _not_applicable(item, tick)
    finding = probes.run(project.tree, item.probe, item.id, item.title) if item.probe else None
    status = Status(item, TODO, "nobody has signed it off yet", finding=finding, tick=tick)
    if item.kind == "auto" and finding:
        return _by_probe(status, finding, project)
    if item.kind == "hybrid" and finding and finding.outcome != FOUND:
        return _hybrid_red(status, finding)
    if tick:
        return _ticked(status, project, tick)
    if finding:
        how = f"sign it off with `checklist tick {item.id}`"
        return status._replace(sentence=f"{finding.sentence}; {how}")
    return status


def _not_applicable(item: Item, tick: dict[str, Any]) -> Status:
    status = Status(item, NOT_APPLICABLE, tick["reason"], by=tick["by"], tick=tick)
    if tick["item_rev"] < item.rev:
        sentence = f"the item changed since {tick['by']} marked it not applicable"
        return status._replace(state=STALE, sentence=sentence)
    return status


def _by_probe(status: Status, finding: Finding, project: Project) -> Status:
    state = {FOUND: PASS, MISSING: FAIL, UNKNOWN: UNKNOWN, ERROR: ERROR}[finding.outcome]
    # Open, and nothing is wrong: facts not answered yet, or a layout that is not the template's.
    elsewhere = project.tree.foreign and finding.absent
    if state == FAIL and (finding.location.startswith(FILE) or elsewhere):
        state = TODO
    by = MACHINE if state == PASS else ""
    return status._replace(state=state, sentence=finding.sentence, by=by)


def _hybrid_red(status: Status, finding: Finding) -> Status:
    if finding.outcome in (ERROR, UNKNOWN):
        return status._replace(state=finding.outcome, sentence=finding.sentence)
    if status.tick is None:
        return status._replace(sentence=finding.sentence)
    # Somebody signed off what a machine can see is not so: that is worse than open.
    by = status.tick["by"]
    sentence = f"{finding.sentence}, though {by} signed off"
    return status._replace(state=FAIL, by=by, sentence=sentence)


def _ticked(status: Status, project: Project, tick: dict[str, Any]) -> Status:
    item, by = status.item, tick["by"]
    until = signatures.last_day(tick, item)
    signed = f"{by} signed off on {tick['date']}"
    status = status._replace(state=PASS, sentence=signed, by=by, until=until)
    reason = signatures.why_stale(tick, item, project.tree)
    if reason:
        return status._replace(state=STALE, sentence=reason)
    if until and until < project.today:
        sentence = f"{signed}, more than {item.data['max_age_days']} days ago"
        return status._replace(state=STALE, sentence=sentence, calendar=True)
    return status


def _waived(status: Status, waiver: dict[str, Any], today: date) -> Status:
    if status.state in (PASS, NOT_APPLICABLE, ERROR) or waiver["item_rev"] < status.item.rev:
        return status
    approver, until = waiver["approver"], waiver["until"]
    if signatures.expired(waiver, today):
        # It warns for a while; then what it excused is open, or it would excuse it for good.
        recent = not signatures.expired(waiver, today - LATE)
        sentence = f"the waiver by {approver} ended on {until}; {status.sentence}"
        return status._replace(state=STALE, calendar=recent, sentence=sentence, by="")
    sentence = f"{waiver['reason']} (until {until}, {approver})"
    last = date.fromisoformat(until)
    return status._replace(state=WAIVED, sentence=sentence, by=approver, until=last)


def _declined(status: Status, decline: dict[str, Any]) -> Status:
    if status.settled or status.state == ERROR:
        return status
    by = decline["by"]
    if decline["item_rev"] < status.item.rev:
        sentence = f"the item changed since {by} declined it; {status.sentence}"
        return status._replace(state=STALE, sentence=sentence, by="")
    return status._replace(state=DECLINED, sentence=f"{decline['reason']} ({by})", by=by)
