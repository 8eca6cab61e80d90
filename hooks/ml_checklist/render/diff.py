"""A branch's changes as text, as Markdown for a pull request, and as data."""

from collections.abc import Iterable
from typing import Any

from ml_checklist import yaml_io
from ml_checklist.compare.diff import Diff
from ml_checklist.compare.pairs import Pair
from ml_checklist.errors import clean
from ml_checklist.render import style
from ml_checklist.render.style import MARKS, cell, code
from ml_checklist.state import gate
from ml_checklist.state.gate import NAMES

# A comment on GitHub holds 65,536 characters; GitLab takes more.
MAX_CHARACTERS = 65_000
_N_LOOK = 15

Row = tuple[str, str, str]


def headline(diff: Diff) -> str:
    project = diff.head.project
    numbers = gate.count(diff.head, gate.working_towards(project.phase))
    counted = {"proven": diff.proven, "ticked": diff.ticked, "set aside": diff.set_aside}
    counts = [f"{len(pairs)} {word}" for word, pairs in {**counted, "lost": diff.lost}.items()]
    return f"{gate.headline(numbers)} This branch: {', '.join(counts)}."


def notices(diff: Diff) -> list[str]:
    """What stands before any table."""
    found = [*_template(diff)]
    if diff.base_fault:
        cause = f"its checklist data is not in order: {diff.base_fault}"
        found.append(f"The base cannot be compared with, {cause}")
    before, now = diff.base.project if diff.base else None, diff.head.project
    if before and before.phase != now.phase:
        found.append(f"Phase: {before.phase} -> {now.phase}.")
    found += [_fact(diff, name) for name in diff.switched_off]
    if diff.moved:
        what = "`root:` or `map:` of checklist/project.yml changes"
        found.append(f"{what}; items are lost where the old values do not find them met.")
    others = [name for name in diff.guarded if name not in diff.tampered]
    if others:
        found.append(f"Changes what decides over pull requests: {_some(others, 8)}.")
    names = [pair.after.item.id for pair in diff.uncomparable]
    if names:
        items = "1 item is" if len(names) == 1 else f"{len(names)} items are"
        found.append(f"{items} proven here and unknown at base: {_some(names, 3)}.")
    return found


def _fact(diff: Diff, name: str) -> str:
    """A fact that changed, and what it switches off: `must` first."""
    now, items = diff.head.project.facts, diff.head.project.catalog.items
    before = diff.base.project.facts if diff.base else {}
    off = sorted(diff.switched_off[name], key=lambda each: items[each].level != "must")
    named = [f"{each} ({items[each].level})" for each in off]
    what = f"; it switches off {len(off)}: {_some(named, 8)}" if off else ""
    values = [facts.get(name) for facts in (before, now)]
    old, new = ("unknown" if each is None else yaml_io.scalar(each) for each in values)
    return f"Fact {name}: {old} -> {new}{what}."


def _template(diff: Diff) -> list[str]:
    old, new = (each or "none" for each in diff.template)
    if diff.tampered:
        source = "at its source or on the branch template-update of origin"
        differ = f"are not those of {new} (it was {old}) {source}"
        differ = differ if old != new else "differ though the template version is the same"
        what = f"Tampered: {len(diff.tampered)} files of the judge {differ}"
        remedy = "items of your own go to checklist/catalog.d, time off is `checklist waive`"
        return [f"{what}: {_some(diff.tampered, 5)}. Take the change back; {remedy}."]
    moved = f"The template moves from {old} to {new}; `checklist news` lists what that brings."
    return [moved] if old != new else []


def _some(names: list[str], n: int) -> str:
    return ", ".join(names[:n]) + (", ..." if len(names) > n else "")


def rows(diff: Diff) -> dict[str, list[Row]]:
    """Rows (word, item, what) for `people`, and of what probes and tests say for `machines`."""
    ticked = [("ticked", p.after.item.id, _evidence(p)) for p in diff.ticked]
    aside = [(MARKS[p.after.state], p.after.item.id, _aside(p)) for p in diff.set_aside]
    by_machine = [p for p in diff.lost if p.before and p.before.proven]
    by_people = [p for p in diff.lost if p not in by_machine]
    return {
        "people": [*ticked, *aside, *_found("lost", by_people), *_found("stale", diff.stale)],
        "machines": [*_found("lost", by_machine), *_found("proven", diff.proven)],
    }


def _found(word: str, pairs: list[Pair]) -> list[Row]:
    return [(word, pair.after.item.id, pair.after.sentence) for pair in pairs]


def _aside(pair: Pair) -> str:
    """Level, who, and why; the sentence of a waiver or a decline names the person itself."""
    by = f"by {pair.after.by}: " if pair.after.excused else ""
    return f"{pair.after.item.level}, {by}{pair.after.sentence}"


def _evidence(pair: Pair) -> str:
    entries = (pair.after.tick or {}).get("evidence", ())
    cited = ", ".join(str(each.get("path") or each.get("url")) for each in entries)
    return f"by {pair.after.by}: {cited}"


def text(diff: Diff) -> str:
    lines = [headline(diff), *map(clean, notices(diff))]
    for whom, listed in rows(diff).items():
        lines += ["", f"For {whom}"] if listed else []
        lines += [f"  {word:8} {item:36} {clean(what)}" for word, item, what in listed]
    seen = [f"{status.item.id}: {status.item.title}" for status in diff.look[:_N_LOOK]]
    lines += ["", "Look: this branch touches files of items that are still open"] if seen else []
    return "\n".join([*lines, *(f"  {line}" for line in seen)])


def markdown(diff: Diff) -> str:
    """For a comment or a job summary, never longer than one may be."""
    lines = [f"**checklist** {headline(diff)}", ""]
    lines += [line for notice in notices(diff) for line in (f"> {cell(notice, 600)}", "")]
    for whom, listed in rows(diff).items():
        lines += table(f"For {whom}", listed)
    if diff.look:
        lines += ["Look: this branch touches files of items that are still open.", ""]
        lines += [f"* {cell(f'{s.item.id}: {s.item.title}')}" for s in diff.look[:_N_LOOK]]
        n_more = len(diff.look) - _N_LOOK
        lines += [f"* and {n_more} more"] if n_more > 0 else []
    return cut(lines)


def table(title: str, rows: Iterable[Row]) -> list[str]:
    """Rows (word, item, what) as a table of Markdown; nothing without rows."""
    cells = [(word, code(item), cell(what)) for word, item, what in rows]
    return [*style.table((title, "Item", ""), cells), ""] if cells else []


def cut(lines: list[str]) -> str:
    """As many whole lines as fit, and a word on how many do not."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > MAX_CHARACTERS:
            more = f"{len(lines) - number} more lines; `checklist diff` prints all."
            return "\n".join([*lines[:number], "", more])
    return "\n".join(lines)


def data(diff: Diff) -> dict[str, Any]:
    numbers = gate.count(diff.head, gate.working_towards(diff.head.project.phase))
    return {
        "headline": headline(diff),
        "gate": NAMES[numbers.phase],
        "regressed": diff.regressed,
        "notices": notices(diff),
        "tampered": diff.tampered,
        "switched_off": diff.switched_off,
        "set_aside": [pair.after.item.id for pair in diff.set_aside],
        **{whom: [_entry(row) for row in listed] for whom, listed in rows(diff).items()},
        "unknown_at_base": [pair.after.item.id for pair in diff.uncomparable],
        "look": [status.item.id for status in diff.look],
    }


def _entry(row: Row) -> dict[str, str]:
    return dict(zip(("what", "item", "sentence"), row, strict=True))
