"""The checklist as one Markdown page, one view of it, and the mind map that Mermaid draws."""

import re

from ml_checklist import __version__, origin
from ml_checklist.catalog.items import PHASES
from ml_checklist.render import text
from ml_checklist.render.style import MARKS, cell, code, duration, escape
from ml_checklist.state import gate
from ml_checklist.state.status import Status
from ml_checklist.state.survey import Survey
from ml_checklist.state.views import View


def page(survey: Survey, section: str | None = None) -> str:
    """Gates, questions and every item by section, its options and papers folded."""
    phase, today = survey.project.phase, survey.project.today
    lines = ["# Checklist", "", f"Declared phase: **{phase}**, on {today}. {versions(survey)}.", ""]
    lines += ["| Gate | Met | Proven | Signed off | Set aside | Stale | Open | Holds |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for each in PHASES:
        g = gate.count(survey, each)
        numbers = (g.proven, g.signed_off, g.set_aside, g.stale, g.open)
        cells = [gate.NAMES[each], f"{g.met} of {g.total}", *map(str, numbers)]
        lines.append(f"| {' | '.join(cells)} | {'yes' if g.holds() else 'no'} |")
    lines += _questions(survey)
    for heading in survey.project.catalog.sections.values():
        own = [s for s in survey.statuses.values() if s.item.section == heading.id]
        if own and section in (None, heading.id):
            lines += ["", f"## {escape(heading.title)}", "", escape(heading.about)]
            lines += [*_table(own), *_details(own)]
    return "\n".join(lines)


def versions(survey: Survey) -> str:
    template = origin.read(survey.project.home).version
    return f"Checklist {__version__}" + (f", template {code(template)}" if template else "")


def _questions(survey: Survey) -> list[str]:
    lines = ["", "Questions that decide what else applies (`checklist start`):", ""]
    for q in survey.questions:
        lines.append(f"* `{q.fact.name}`: {escape(q.fact.question)} ({q.n_items} items)")
    return lines if survey.questions else []


def _table(own: list[Status]) -> list[str]:
    lines = ["", "| State | Item | Phase | Level | By | Finding |", "|---|---|---|---|---|---|"]
    for s in own:
        who = code(s.by) if s.by else ""
        title = f"{escape(s.item.title)}<br>`{s.item.id}`"
        cells = (MARKS[s.state], title, s.item.phase, s.item.level, who, cell(s.sentence))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _details(own: list[Status]) -> list[str]:
    lines: list[str] = []
    for s in own:
        data = s.item.data
        summary = f"<code>{s.item.id}</code> {escape(s.item.title)}"
        lines += ["", f"<details><summary>{summary}</summary>", "", escape(data["why"]), ""]
        lines += [f"**How** ({duration(s.item.minutes)})", ""]
        lines += [*(f"{number}. {step}" for number, step in enumerate(s.item.steps, 1)), ""]
        if "went_wrong" in data:
            lines += [f"**Went wrong**: {_link(data['went_wrong'])}", ""]
        lines += [f"* {_method(m)}" for m in data.get("methods") or ()]
        for o in data.get("options") or ():
            lines.append(f"* [{escape(o['name'])}]({o['url']}): {escape(o['what'])}")
        lines += [f"* {_link(r)} ({r['kind']})" for r in data.get("refs") or ()]
        lines += ["", "</details>"]
    return lines


def _method(method: dict[str, dict[str, str]]) -> str:
    name = escape(str(method["name"]))
    return f"{name}: {_link(method['paper'])}" if "paper" in method else name


def _link(link: dict[str, str]) -> str:
    return f"[{escape(link['title'])}]({link['url']})"


def view_page(view: View) -> str:
    data, scored = view.data, view.score is not None
    source = f"[{data['source']['title']}]({data['source']['url']})"
    lines = [f"# {data['title']}", "", f"{data['about']} Source: {source}."]
    for title, rows in view.groups:
        lines += ["", f"## {title}", "", "| " + ("Points | " if scored else "") + "Entry | Items |"]
        lines.append("|---" * (3 if scored else 2) + "|")
        for row in rows:
            points = f"{row.points:g} | " if scored else ""
            lines.append(f"| {points}{row.name} | {text.listed_items(row.statuses)} |")
    return "\n".join([*lines, *text.verdict(view)])


def mind_map(survey: Survey, section: str | None = None) -> str:
    """Sections and their items as branches of a Mermaid mind map."""
    lines = ["mindmap", f"  root(({_label('Checklist')}))"]
    for number, each in enumerate(survey.project.catalog.sections.values()):
        own = [s for s in survey.statuses.values() if s.item.section == each.id]
        if section in (None, each.id) and own:
            lines.append(f"    s{number}[{_label(each.title)}]")
            lines += map(_leaf, own)
    return "\n".join(lines)


def _leaf(status: Status) -> str:
    name = re.sub(r"\W", "_", status.item.id)
    return f"      {name}[{_label(f'{MARKS[status.state]}: {status.item.title}')}]"


def _label(text: str) -> str:
    for sign, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "'")):
        text = text.replace(sign, entity)
    return f'"{" ".join(text.split())}"'
