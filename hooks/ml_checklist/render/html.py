"""The one self-contained page: a template with a title and one island of JSON."""

import html
import json
from pathlib import Path
from string import Template
from typing import Any

from ml_checklist.render import data
from ml_checklist.render.style import duration
from ml_checklist.state import gate, views
from ml_checklist.state.status import Status
from ml_checklist.state.survey import Survey
from ml_checklist.state.views import View

_KEYS = ("why", "when", "went_wrong", "methods", "options", "refs")
_EMPTY: dict[str, Any] = {"methods": [], "options": [], "refs": []}


def page(survey: Survey) -> str:
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    title = f"Checklist of {survey.project.home.name}"
    return template.substitute(title=html.escape(title), data=_island(_island_data(survey)))


def _island(content: dict[str, Any]) -> str:
    """JSON that cannot end its own script element, whatever a reason or a title holds."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _island_data(survey: Survey) -> dict[str, Any]:
    phase, catalog = gate.working_towards(survey.project.phase), survey.project.catalog
    return {
        **data.report(survey),
        "items": [_item(status) for status in survey.statuses.values()],
        "sections": [section._asdict() for section in catalog.sections.values()],
        "next": [status.item.id for status in gate.next_items(survey, phase, 5)],
        "views": [_view(views.fill(survey, name)) for name in views.load(catalog)],
    }


def _item(status: Status) -> dict[str, Any]:
    item = status.item
    written = {key: item.data[key] for key in _KEYS if item.data.get(key)}
    own = {"short": item.short, "how": item.steps, "effort": duration(item.minutes)}
    return {**data.item(status), **_EMPTY, **own, **written}


def _view(view: View) -> dict[str, Any]:
    about = {key: view.data[key] for key in ("title", "about", "source")}
    about["name"], groups = view.data["view"], data.view_groups(view)
    return {**about, "score": view.score, "verdict": view.verdict, "groups": groups}
