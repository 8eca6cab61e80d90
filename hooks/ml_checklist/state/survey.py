"""Look at the whole project once: the status of every item, open questions, warnings."""

from typing import NamedTuple

from ml_checklist.catalog.conditions import Fact
from ml_checklist.catalog.items import RANK
from ml_checklist.errors import Problem, refuse
from ml_checklist.state import signatures
from ml_checklist.state.project import Project
from ml_checklist.state.records import Folder
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
    given, granted = read_state(project)
    problems = given.problems + granted.problems
    refuse(problems)
    statuses = {}
    for name, item in project.catalog.items.items():
        tick, waiver = given.entries.get(name), granted.entries.get(name)
        statuses[name] = status_of(item, project, tick, waiver)
    settled = {name for name, status in statuses.items() if status.settled}
    for name in statuses.keys() - settled:
        blockers = [each for each in statuses[name].item.requires if each not in settled]
        statuses[name] = statuses[name]._replace(blocked_by=tuple(blockers))
    warnings = given.warnings + granted.warnings + _idle_waivers(statuses, granted)
    return Survey(project, statuses, _questions(project, statuses), warnings)


def read_state(project: Project) -> tuple[Folder, Folder]:
    """The ticks and waivers of a project, with their problems."""
    where = (project.home, project.catalog, project.today)
    return signatures.load_ticks(*where), signatures.load_waivers(*where)


def _questions(project: Project, statuses: dict[str, Status]) -> list[Question]:
    found = []
    counted = [status for status in statuses.values() if status.item.counts]
    for fact in project.catalog.facts.values():
        phases = [status.item.phase for status in counted if fact.name in status.asks]
        if phases:
            found.append(Question(fact, min(phases, key=RANK.__getitem__), len(phases)))
    return sorted(found, key=lambda question: RANK[question.phase])


def _idle_waivers(statuses: dict[str, Status], granted: Folder) -> list[Problem]:
    warnings = []
    for name, waiver in granted.entries.items():
        text, status = "", statuses[name]
        if status.state == PASS:
            text = "the item is met, so nothing is left to waive; delete this file"
        elif status.state == NOT_APPLICABLE:
            text = "the item does not apply, so nothing is left to waive; delete this file"
        elif status.calendar:
            text = f"ended on {waiver['until']}; do the work, or ask {waiver['approver']} again"
        if text:
            warnings.append(Problem(granted.files[name], 0, text))
    return warnings
