"""What a person reads at the terminal."""

import shutil
import textwrap

from ml_checklist.errors import clean
from ml_checklist.probes.finding import ERROR, UNKNOWN
from ml_checklist.render.style import MARKS, duration, paint
from ml_checklist.state import gate
from ml_checklist.state.gate import NAMES, Gate
from ml_checklist.state.status import FAIL, STALE, Status
from ml_checklist.state.survey import Question, Survey
from ml_checklist.state.views import View

_MARGIN = 12
_N_SHOWN = 5
_BAR = 24
_START = "`checklist start`"


def width() -> int:
    return max(60, min(shutil.get_terminal_size((110, 24)).columns, 120))


def status(survey: Survey, *, n_next: int = 3) -> str:
    phase = gate.working_towards(survey.project.phase)
    numbers = gate.count(survey, phase)
    lines = [*_totals(survey, numbers), *_notes(survey, numbers)]
    return "\n".join([*lines, *_open_lines(survey, phase, n_next)])


def _totals(survey: Survey, numbers: Gate) -> list[str]:
    met = gate.met(numbers)
    who = f"{numbers.proven} proven by tests and tools, {numbers.signed_off} signed off by people"
    own = f"{'':{_MARGIN}}{numbers.n_own} of the proofs rest on tests of the project's own"
    left = gate.still_open(survey, numbers.phase, calendar=True)
    people = sum(status.item.kind != "auto" for status in left)
    waiting = sum(bool(status.blocked_by) for status in left)
    parts = [f"{numbers.open} open", f"{people} of them for a person"]
    parts += [f"{waiting} waiting for another"] if waiting else []
    name = paint(f"{NAMES[numbers.phase]:{_MARGIN}}", "bold")
    lines = [f"{name}{met}    {who}", f"{'':{_MARGIN}}{', '.join(parts)}"]
    return [*lines, own] if numbers.n_own else lines


def _notes(survey: Survey, numbers: Gate) -> list[str]:
    lines = []
    if numbers.n_questions:
        words = f"{gate.unanswered(numbers.n_questions)}; they decide what else applies: {_START}"
        lines.append(f"{'questions':{_MARGIN}}{words}")
    red = paint(f"{'red':{_MARGIN}}", "fail")
    lines += [f"{red}{fault}" for fault in numbers.over]
    claimed = gate.claimed(survey.project.phase)
    if claimed:
        holds = gate.count(survey, claimed).holds()
        word = "holds" if holds else "does NOT hold; run `checklist gate`"
        lines.append(f"{'phase':{_MARGIN}}{survey.project.phase}; the {NAMES[claimed]} gate {word}")
    return lines


def _open_lines(survey: Survey, phase: str, n: int) -> list[str]:
    """What is red, what is stale, what is next: the item and the one thing to do."""
    left = [s for s in gate.still_open(survey, phase, calendar=True) if not s.blocked_by]
    red = [s for s in left if s.state in (FAIL, ERROR)]
    stale = [s for s in left if s.state == STALE]
    rest = [s for s in gate.next_items(survey, phase, len(left)) if s not in red + stale]
    groups = {"red": red[:_N_SHOWN], "stale": stale[:_N_SHOWN], "next": rest[:n]}
    room = max([len(s.item.id) for group in groups.values() for s in group], default=0)
    lines = []
    for word, group in groups.items():
        for number, each in enumerate(group):
            head = paint(f"{'' if number else word:{_MARGIN}}", {"red": "fail"}.get(word, word))
            lines += line(head, each, room)
    if left:
        return lines
    asks = gate.questions(survey, phase)
    todo = f"answer the questions: {_START}" if asks else "`checklist promote` takes the next phase"
    return [f"{'next':{_MARGIN}}{'' if asks else 'nothing is open here; '}{todo}"]


def line(head: str, status: Status, room: int, *, indent: int = _MARGIN) -> list[str]:
    """`head`, the item and the one thing to do, on as many lines as that takes."""
    effort = "" if status.blocked_by else f"({duration(status.item.minutes)})"
    column = indent + room + 2
    text = f"{clean(gate.todo(status))}  {effort}"
    first, *more = textwrap.wrap(text, max(width() - column, 40), break_on_hyphens=False)
    return [f"{head}{status.item.id:{room}}  {first}", *(" " * column + line for line in more)]


def n_items(n: int) -> str:
    return f"{n} item{'' if n == 1 else 's'}"


def question_lines(left: list[Question]) -> list[str]:
    if not left:
        return []
    lines = ["", f"{len(left)} questions decide what else applies; {_START} asks them:"]
    return lines + [f"    {q.fact.name:22} {q.fact.question} ({n_items(q.n_items)})" for q in left]


def wrapped(text: str, indent: str = "    ") -> list[str]:
    """`text` as indented lines that fit the terminal."""
    return textwrap.wrap(
        text, width(), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def sections(survey: Survey) -> str:
    """A line a section for the next gate, with a bar of what is met."""
    lines = []
    counted = gate.sections(survey, gate.working_towards(survey.project.phase))
    for title, each in counted.items():
        n_met = round(_BAR * (each.met + each.set_aside) / each.total)
        bar = paint("#" * n_met, "pass") + "." * (_BAR - n_met)
        lines.append(f"{title:28} {bar}  {gate.met(each)}")
    how = "`checklist report --section NAME` lists the items of one, `--format html` all of them."
    return "\n".join([*lines, *question_lines(survey.questions), "", how])


def all_items(survey: Survey) -> str:
    names = dict.fromkeys(status.item.section for status in survey.statuses.values())
    return "\n\n".join(one_section(survey, name) for name in names)


def one_section(survey: Survey, section: str) -> str:
    own = [s for s in survey.statuses.values() if s.item.section == section]
    title = paint(survey.project.catalog.sections[section].title, "bold")
    return "\n".join([title, *(line for status in own for line in _row(status))])


def _row(status: Status) -> list[str]:
    item, word = status.item, MARKS[status.state]
    who = f" [{clean(status.by)}]" if status.signed_off else ""
    wait = f" (waits for {', '.join(status.blocked_by)})" if status.blocked_by else ""
    # A narrow terminal keeps what says most: the item and its title.
    columns = f"{item.phase:10} {item.level:6} " if width() >= 100 else ""
    head = f"{item.id:36} {columns}"
    room = max(width() - 11 - len(head), 30)
    first, *more = textwrap.wrap(f"{item.title}{who}{wait}", room, break_on_hyphens=False)
    indent = " " * (11 + len(head))
    start = f"  {paint(f'{word:8}', status.state)} {head}{first}"
    return [start, *(f"{indent}{line}" for line in more)]


def gate_lines(survey: Survey, phase: str, *, calendar: bool) -> str:
    numbers = gate.count(survey, phase)
    holds = numbers.holds(calendar=calendar)
    who = f"{numbers.proven} proven, {numbers.signed_off} signed off"
    lines = [f"{gate.headline(numbers)} {'It holds.' if holds else 'It does not hold.'}  ({who})"]
    lines += [f"  {paint('too much', 'fail')} {fault}" for fault in numbers.over]
    left = gate.still_open(survey, phase, calendar=calendar)
    room = max([len(status.item.id) for status in left], default=0)
    for status in left:
        lines += _missing(status, room)
    lines += ["", "`checklist show ID` says more of one."] if left else []
    lines += question_lines(gate.questions(survey, phase))
    aged = [s for s in gate.required(survey, phase) if s.calendar] if not calendar else []
    lines += [f"  warning  {s.item.id}: {clean(s.sentence)}" for s in aged]
    return "\n".join(lines)


def _missing(status: Status, room: int) -> list[str]:
    mark = paint(f"{MARKS[status.state]:8}", status.state)
    lines = line(f"  {mark} ", status, room, indent=11)
    if status.blocked_by or status.state not in (FAIL, ERROR, STALE, UNKNOWN):
        return lines
    return lines + wrapped(clean(status.sentence), " " * (11 + room + 2))


def view_lines(view: View) -> str:
    data, scored = view.data, view.score is not None
    lines = [data["title"], f"{data['about']}  {data['source']['url']}"]
    for title, rows in view.groups:
        total = f"  {sum(row.points for row in rows):g} of {len(rows)}" if scored else ""
        lines += ["", f"{title}{total}"]
        for row in rows:
            points = f"{row.points:<4g}" if scored else ""
            lines.append(f"  {points}{row.name}: {listed_items(row.statuses)}")
    return "\n".join([*lines, *verdict(view)])


def listed_items(statuses: list[Status]) -> str:
    named = [f"{status.item.id} ({MARKS[status.state]})" for status in statuses]
    return ", ".join(named) or "no item covers this"


def verdict(view: View) -> list[str]:
    if view.score is None:
        return []
    return ["", f"Score {view.score:g}, the least of the sums: {view.verdict}."]
