"""The checklist as one Markdown page, one view of it, and the mind map that Mermaid draws."""

import re

from ml_checklist import __version__, origin
from ml_checklist.catalog.items import PHASES
from ml_checklist.render import text
from ml_checklist.render.style import MARKS, cell, code, duration, escape, table
from ml_checklist.state import gate
from ml_checklist.state.status import Status
from ml_checklist.state.survey import Survey
from ml_checklist.state.views import View


def page(survey: Survey, section: str | None = None) -> str:
    """Gates, questions, sections and what is open, or one section in full: fits a comment."""
    phase, today = survey.project.phase, survey.project.today
    lines = ["# Checklist", "", f"Declared phase: **{phase}**, on {today}. {versions(survey)}.", ""]
    lines += [*_gates(survey), *_questions(survey)]
    if section is None:
        return "\n".join([*lines, *_sections(survey), *_open(survey)])
    heading = survey.project.catalog.sections[section]
    own = [s for s in survey.statuses.values() if s.item.section == section]
    lines += ["", f"## {escape(heading.title)}", "", escape(heading.about)]
    return "\n".join([*lines, *_table(own), *_details(own)])


def _gates(survey: Survey) -> list[str]:
    rows = []
    for each in PHASES:
        g = gate.count(survey, each)
        numbers = (g.proven, g.signed_off, g.set_aside, g.stale, g.open)
        holds = "yes" if g.holds() else "no"
        rows.append((gate.NAMES[each], f"{g.met} of {g.total}", *map(str, numbers), holds))
    titles = ("Gate", "Met", "Proven", "Signed off", "Set aside", "Stale", "Open", "Holds")
    return table(titles, rows)


def _sections(survey: Survey) -> list[str]:
    """A row a section, with the command that shows all of it."""
    rows = []
    counted = gate.sections(survey, gate.working_towards(survey.project.phase))
    for title, each in counted.items():
        met = f"{each.met} of {each.total}"
        rows.append((escape(title), met, str(each.set_aside), str(each.open)))
    how = "`checklist report --format md --section NAME` shows the items of one section."
    return ["", *table(("Section", "Met", "Set aside", "Open"), rows), "", how]


def _open(survey: Survey) -> list[str]:
    phase = gate.working_towards(survey.project.phase)
    left = gate.still_open(survey, phase, calendar=True)
    lines = ["", f"## Open for the {gate.NAMES[phase]} gate ({len(left)})", ""]
    return lines + [f"* {MARKS[s.state]}: {escape(s.item.title)} (`{s.item.id}`)" for s in left]


def versions(survey: Survey) -> str:
    template = origin.read(survey.project.home).version
    return f"Checklist {__version__}" + (f", template {code(template)}" if template else "")


def _questions(survey: Survey) -> list[str]:
    lines = ["", "Questions that decide what else applies (`checklist start`):", ""]
    for q in survey.questions:
        lines.append(f"* `{q.fact.name}`: {escape(q.fact.question)} ({text.n_items(q.n_items)})")
    return lines if survey.questions else []


def _table(own: list[Status]) -> list[str]:
    rows = []
    for s in own:
        who = code(s.by) if s.by else ""
        title = f"{escape(s.item.title)}<br>`{s.item.id}`"
        rows.append((MARKS[s.state], title, s.item.phase, s.item.level, who, cell(s.sentence)))
    return ["", *table(("State", "Item", "Phase", "Level", "By", "Finding"), rows)]


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
        for m in data.get("methods") or ():
            paper = f": {_link(m['paper'])}" if "paper" in m else ""
            lines.append(f"* {escape(m['name'])}{paper}")
        for o in data.get("options") or ():
            lines.append(f"* [{escape(o['name'])}]({o['url']}): {escape(o['what'])}")
        lines += [f"* {_link(r)} ({r['kind']})" for r in data.get("refs") or ()]
        lines += ["", "</details>"]
    return lines


def _link(link: dict[str, str]) -> str:
    return f"[{escape(link['title'])}]({link['url']})"


def view_page(view: View) -> str:
    data, scored = view.data, view.score is not None
    source = f"[{data['source']['title']}]({data['source']['url']})"
    lines = [f"# {data['title']}", "", f"{data['about']} Source: {source}."]
    for title, rows in view.groups:
        cells = [(f"{r.points:g}", r.name, text.listed_items(r.statuses)) for r in rows]
        shown = slice(0 if scored else 1, 3)
        titles = ("Points", "Entry", "Items")[shown]
        lines += ["", f"## {title}", "", *table(titles, [row[shown] for row in cells])]
    return "\n".join([*lines, *text.verdict(view)])


def mind_map(survey: Survey, section: str | None = None) -> str:
    """One level of a Mermaid mind map: the sections, or the items of one by their short names."""
    phase, root = gate.working_towards(survey.project.phase), "Checklist"
    if section is None:
        counted = enumerate(gate.sections(survey, phase).items())
        leaves = {f"s{n}": f"{name} {each.met}/{each.total}" for n, (name, each) in counted}
    else:
        root = survey.project.catalog.sections[section].title
        own = [s for s in survey.statuses.values() if s.item.section == section]
        names = [re.sub(r"\W", "_", s.item.id) for s in own]
        shown = [f"{MARKS[s.state]}: {s.item.short}" for s in own]
        leaves = dict(zip(names, shown, strict=True))
    drawn = [f"    {name}[{_label(leaf)}]" for name, leaf in leaves.items()]
    return "\n".join(["mindmap", f"  root(({_label(root)}))", *drawn])


def _label(text: str) -> str:
    for sign, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "'")):
        text = text.replace(sign, entity)
    return f'"{" ".join(text.split())}"'
