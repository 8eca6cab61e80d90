"""Look at the whole project once: the status of every item, open questions, warnings."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ml_checklist.catalog.conditions import Fact
from ml_checklist.catalog.items import RANK, Catalog
from ml_checklist.errors import Problem, refuse
from ml_checklist.state import signatures
from ml_checklist.state.project import Project
from ml_checklist.state.signatures import Signed
from ml_checklist.state.status import NOT_APPLICABLE, PASS, Status, status_of


class Question(NamedTuple):
    """A fact that is not known yet, and how many items wait for it."""

    fact: Fact
    phase: str
    n_items: int


class Survey(NamedTuple):
    """What is known of a project today."""

    project: Project
    statuses: dict[str, Status]
    questions: list[Question]
    warnings: list[Problem]


def take(project: Project) -> Survey:
    """The survey of a project; raises DataError when its ticks or waivers are not in order."""
    signed = read_state(project)
    refuse(signed.problems)
    statuses = {
        name: status_of(item, project, *signed.of(name))
        for name, item in project.catalog.items.items()
    }
    settled = {name for name, status in statuses.items() if status.settled}
    for name in statuses.keys() - settled:
        blockers = [each for each in statuses[name].item.requires if each not in settled]
        statuses[name] = statuses[name]._replace(blocked_by=tuple(blockers))
    warnings = signed.refused + signed.warnings + _idle(statuses, signed)
    return Survey(project, statuses, _questions(project, statuses), warnings)


def read_state(project: Project) -> Signed:
    """The ticks, waivers and declines of a project, with their problems."""
    return signatures.load(project.home, project.catalog, project.facts, project.today)


def _questions(project: Project, statuses: dict[str, Status]) -> list[Question]:
    found = []
    counted = [status for status in statuses.values() if status.item.counts]
    for fact in project.catalog.facts.values():
        phases = [status.item.phase for status in counted if fact.name in status.asks]
        if phases:
            found.append(Question(fact, min(phases, key=RANK.__getitem__), len(phases)))
    return sorted(found, key=lambda question: RANK[question.phase])


def _idle(statuses: dict[str, Status], signed: Signed) -> list[Problem]:
    """Waivers and declines that nothing needs any more, and waivers that are over."""
    warnings, unneeded = [], {PASS: "is met", NOT_APPLICABLE: "does not apply"}
    for word, folder in (("waive", signed.waivers), ("decline", signed.declines)):
        for name, entry in folder.entries.items():
            text, status = "", statuses[name]
            if status.state in unneeded:
                why = f"the item {unneeded[status.state]}"
                text = f"{why}, so nothing is left to {word}; delete this file"
            elif status.calendar and "until" in entry:
                text = f"ended on {entry['until']}; do the work, or ask {entry['approver']} again"
            warnings += [Problem(folder.files[name], 0, text)] if text else []
    return warnings


def switched_off(
    catalog: Catalog, before: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Fact that changed -> the counting items that its new value alone makes not applicable."""
    found = {}
    for name in sorted(name for name in {*before, *now} if before.get(name) != now.get(name)):
        changed = {**before, name: now.get(name)}
        items = [item for item in catalog.items.values() if item.counts]
        off = [item.id for item in items if item.applies(changed).value is False]
        still = {item.id for item in items if item.applies(before).value is False}
        found[name] = [each for each in off if each not in still]
    return found
