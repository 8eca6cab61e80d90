"""The checklist as one Markdown page."""

from ml_checklist import __version__, gate, origin, render_text
from ml_checklist.item_shapes import PHASES
from ml_checklist.state import Status
from ml_checklist.style import MARKS
from ml_checklist.survey import Survey


def page(survey: Survey, section: str | None = None) -> str:
    """Gates, questions and every item by section, its options and papers folded."""
    lines = [
        "# Checklist",
        "",
        f"Declared phase: **{survey.project.phase}**, on {survey.project.today}. "
        f"{versions(survey)}.",
        "",
    ]
    lines += [
        "| Gate | Met | Proven | Vouched for | Waived | Stale | Open | Holds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for phase in PHASES:
        g = gate.count(survey, phase)
        holds = "yes" if g.holds() else "no"
        lines.append(
            f"| {gate.NAMES[phase]} | {g.met} of {g.total} | {g.proven} | {g.vouched} | "
            f"{g.waived} | {g.stale} | {g.open} | {holds} |"
        )
    lines += _questions(survey)
    for each in survey.project.catalog.sections.values():
        own = [s for s in survey.statuses.values() if s.item.section == each.id]
        if own and section in (None, each.id):
            lines += [
                "",
                f"## {escape(each.title)}",
                "",
                escape(each.about),
                *_table(own),
                *_details(own),
            ]
    return "\n".join(lines)


def versions(survey: Survey) -> str:
    """The version of the tool, and of the template that the project is on."""
    template = origin.read(survey.project.home).version
    return f"Checklist {__version__}" + (f", template {code(template)}" if template else "")


def _questions(survey: Survey) -> list[str]:
    if not survey.questions:
        return []
    lines = ["", "Questions that decide what else applies (`checklist start`):", ""]
    return lines + [
        f"* `{q.fact.name}`: {escape(q.fact.question)} ({q.n_items} items)"
        for q in survey.questions
    ]


def _table(own: list[Status]) -> list[str]:
    lines = [
        "",
        "| State | Item | Phase | Level | By | What it says |",
        "|---|---|---|---|---|---|",
    ]
    for s in own:
        who = code(s.by) if s.by else ""
        title = f"{escape(s.item.title)}<br>`{s.item.id}`"
        lines.append(
            f"| {MARKS[s.state]} | {title} | {s.item.phase} | {s.item.level} | {who} | "
            f"{cell(s.sentence)} |"
        )
    return lines


def _details(own: list[Status]) -> list[str]:
    lines: list[str] = []
    for s in own:
        data = s.item.data
        lines += [
            "",
            f"<details><summary><code>{s.item.id}</code> {escape(s.item.title)}</summary>",
            "",
        ]
        lines += [
            f"{escape(data['why'])}",
            "",
            f"**How** ({render_text.EFFORT[data['effort']]}): {data['how']}",
            "",
        ]
        if "went_wrong" in data:
            lines += [f"**Went wrong**: {_link(data['went_wrong'])}", ""]
        lines += [f"* {_method(m)}" for m in data.get("methods") or ()]
        lines += [
            f"* [{escape(o['name'])}]({o['url']}): {escape(o['what'])}"
            for o in data.get("options") or ()
        ]
        lines += [f"* {_link(r)} ({r['kind']})" for r in data.get("refs") or ()]
        lines += ["", "</details>"]
    return lines


def _method(method: dict[str, dict[str, str]]) -> str:
    name = escape(str(method["name"]))
    return f"{name}: {_link(method['paper'])}" if "paper" in method else name


def _link(link: dict[str, str]) -> str:
    return f"[{escape(link['title'])}]({link['url']})"


def escape(text: str) -> str:
    """Text that stays text in Markdown."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("|", "\\|").replace("[", "\\[").replace("]", "\\]").replace("@", "&#64;")


def cell(text: str, room: int = 300) -> str:
    """Text of others for one table cell: escaped, on one line, not too long."""
    text = " ".join(text.split())
    text = text if len(text) <= room else text[: room - 3] + "..."
    text = escape(text)
    return "".join(f"\\{char}" if char in "`*_~" else char for char in text)


def code(text: str) -> str:
    """Text as code: nothing in it is a mark-up, and a handle in it calls nobody."""
    clean = " ".join(text.split()).replace("`", "'").replace("|", "/")
    return f"`{clean[:80]}`"
