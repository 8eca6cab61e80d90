"""The survey as plain data for other programs."""

import json
from typing import Any

from ml_checklist import __version__, origin
from ml_checklist.catalog.items import PHASES
from ml_checklist.probes.finding import UNKNOWN
from ml_checklist.state import gate
from ml_checklist.state.gate import Gate
from ml_checklist.state.status import FAIL, STALE, TODO, Status
from ml_checklist.state.survey import Question, Survey
from ml_checklist.state.views import View

_OPEN = (FAIL, TODO, STALE, UNKNOWN)


def report(survey: Survey) -> dict[str, Any]:
    """Versions, phase, gates, items, questions and warnings."""
    project = survey.project
    came = origin.read(project.home)
    return {
        "project": project.home.name,
        "tool": __version__,
        "template": came._asdict(),
        "phase": project.phase,
        "date": project.today.isoformat(),
        "gates": {phase: gate_data(gate.count(survey, phase)) for phase in PHASES},
        "items": [item(status) for status in survey.statuses.values()],
        "questions": [_question(question) for question in survey.questions],
        "facts": dict(project.facts),
        "warnings": [str(problem) for problem in survey.warnings],
    }


def _question(question: Question) -> dict[str, Any]:
    written = {"fact": question.fact.name, "question": question.fact.question}
    return {**written, "phase": question.phase, "n_items": question.n_items}


def gate_data(numbers: Gate) -> dict[str, Any]:
    """One gate; met_or_waived counts all that is set aside."""
    data = numbers._asdict()
    del data["phase"]
    return {**data, "met_or_waived": numbers.met + numbers.set_aside, "holds": numbers.holds()}


def item(status: Status) -> dict[str, Any]:
    """One item with its state and who stands for it."""
    own, finding = status.item, status.finding._asdict() if status.finding else {}
    found = {key: value for key, value in finding.items() if value not in (None, "")}
    named = ("id", "title", "section", "phase", "level", "kind", "rev", "lifecycle", "counts")
    return {
        **{name: getattr(own, name) for name in named},
        "state": status.state,
        "by": status.by or None,
        "sentence": status.sentence,
        "todo": gate.todo(status) if status.state in _OPEN and not status.asks else None,
        "evidence": list((status.tick or {}).get("evidence", ())),
        "finding": found or None,
        "waiver": dict(status.waiver) if status.waiver else None,
        "decline": dict(status.decline) if status.decline else None,
        "set_aside": status.set_aside,
        "calendar": status.calendar,
        "until": status.until.isoformat() if status.until else None,
        "blocked_by": list(status.blocked_by),
        "asks": sorted(status.asks),
    }


def view_groups(view: View) -> list[dict[str, Any]]:
    """The groups of a view with its entries: their points and the ids of their items."""
    found = []
    for title, rows in view.groups:
        named = [(row, [status.item.id for status in row.statuses]) for row in rows]
        entries = [{"name": r.name, "points": r.points, "items": items} for r, items in named]
        found.append({"title": title, "entries": entries})
    return found


def dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, default=str)
