"""The catalog as Mermaid mind maps, whole and by section."""

import re

from ml_checklist.state import Status
from ml_checklist.style import MARKS
from ml_checklist.survey import Survey


def mind_map(survey: Survey, section: str | None = None) -> str:
    """Sections and items as branches.

    With one section, its items with their options and methods.
    """
    lines = ["mindmap", f"  root(({_label(_title(survey, section))}))"]
    for number, each in enumerate(survey.project.catalog.sections.values()):
        own = [s for s in survey.statuses.values() if s.item.section == each.id]
        if section in (None, each.id) and own:
            indent = "    "
            if section is None:
                lines.append(f"    s{number}[{_label(each.title)}]")
                indent = "      "
            for status in own:
                lines += _branch(status, indent, deep=section is not None)
    return "\n".join(lines)


def _title(survey: Survey, section: str | None) -> str:
    return survey.project.catalog.sections[section].title if section else "Checklist"


def _branch(status: Status, indent: str, *, deep: bool) -> list[str]:
    name = re.sub(r"\W", "_", status.item.id)
    lines = [f"{indent}{name}[{_label(f'{MARKS[status.state]}: {status.item.title}')}]"]
    if deep:
        each = [*(status.item.data.get("methods") or ()), *(status.item.data.get("options") or ())]
        lines += [
            f"{indent}  {name}_{number}[{_label(leaf['name'])}]" for number, leaf in enumerate(each)
        ]
    return lines


def _label(text: str) -> str:
    """Text that Mermaid takes for text: quoted, with its own signs as entities."""
    for sign, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "'")):
        text = text.replace(sign, entity)
    return f'"{" ".join(text.split())}"'
