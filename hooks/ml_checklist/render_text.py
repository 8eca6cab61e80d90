"""What a person reads at the terminal."""

import shutil
import textwrap

from ml_checklist import gate
from ml_checklist.gate import NAMES, Gate
from ml_checklist.items import Item
from ml_checklist.state import Status
from ml_checklist.style import MARKS, clean, paint
from ml_checklist.survey import Question, Survey

EFFORT = {"low": "minutes", "medium": "hours", "high": "days"}
_MARGIN = 12


def width() -> int:
    """Columns to fill, at most 120."""
    return max(60, min(shutil.get_terminal_size((110, 24)).columns, 120))


def status(survey: Survey, *, n_next: int = 3) -> str:
    """Where the project stands and what is next."""
    phase = gate.working_towards(survey.project.phase)
    numbers = gate.count(survey, phase)
    lines = [
        *_totals(survey, numbers),
        *_notes(survey, numbers),
        *_next_lines(survey, phase, n_next),
    ]
    return "\n".join(lines)


def _totals(survey: Survey, numbers: Gate) -> list[str]:
    met = f"{numbers.met} of {numbers.total} met"
    waived = (
        f", {numbers.met + numbers.waived} with the {numbers.waived} waived"
        if numbers.waived
        else ""
    )
    who = f"{numbers.proven} proven by tests and tools, {numbers.vouched} vouched for by people"
    left = gate.still_open(survey, numbers.phase)
    people = sum(status.item.kind != "auto" for status in left)
    name = paint(f"{NAMES[numbers.phase]:{_MARGIN}}", "bold")
    return [
        f"{name}{met}{waived}    {who}",
        f"{'':{_MARGIN}}{numbers.open} open, {people} of them for a person",
    ]


def _notes(survey: Survey, numbers: Gate) -> list[str]:
    left = gate.still_open(survey, numbers.phase, calendar=True)
    waiting = sum(bool(status.blocked_by) for status in left)
    lines = []
    if waiting:
        lines.append(f"{waiting} of them wait for another item")
    lines += [
        f"red: {s.item.id}: {clean(s.sentence)}"
        for s in left
        if s.state in ("fail", "error") and not s.blocked_by
    ][:5]
    lines += [f"stale: {s.item.id}: {clean(s.sentence)}" for s in left if s.state == "stale"][:5]
    asked = gate.questions(survey, numbers.phase)
    if asked:
        lines.append(f"{len(asked)} questions about the project are open: run `checklist start`")
    claimed = gate.claimed(survey.project.phase)
    if claimed:
        held = (
            "holds"
            if gate.count(survey, claimed).holds()
            else "does NOT hold; run `checklist gate`"
        )
        lines.append(f"declared phase {survey.project.phase}: the {NAMES[claimed]} gate {held}")
    return [f"{'':{_MARGIN}}{_cut(line, width() - _MARGIN)}" for line in lines]


def _next_lines(survey: Survey, phase: str, n: int) -> list[str]:
    chosen = next_items(survey, phase, n)
    if not chosen:
        return [f"{'next':{_MARGIN}}nothing is open here; `checklist promote` takes the next phase"]
    room = max(len(status.item.id) for status in chosen)
    return [_next_line(number, status, room) for number, status in enumerate(chosen)]


def _next_line(number: int, status: Status, room: int) -> str:
    word = "next" if number == 0 else ""
    effort = f"({EFFORT[status.item.data['effort']]})"
    space = width() - _MARGIN - room - len(effort) - 4
    return f"{word:{_MARGIN}}{status.item.id:{room}}  {_cut(status.item.title, space)}  {effort}"


def next_items(survey: Survey, phase: str, n: int) -> list[Status]:
    """The open items of a gate that need no other first: earlier phase, then cheap, then must."""
    effort = {"low": 0, "medium": 1, "high": 2}
    ready = [
        status for status in gate.still_open(survey, phase, calendar=True) if not status.blocked_by
    ]
    ready.sort(key=lambda s: (effort[s.item.data["effort"]], s.item.level != "must"))
    return ready[:n]


def next_steps(survey: Survey, phase: str, n: int) -> str:
    """The cheapest open items, each with what to do."""
    chosen = next_items(survey, phase, n)
    lines = (
        [f"{NAMES[phase]} gate, the cheapest first"]
        if chosen
        else [f"{NAMES[phase]} gate: nothing is open"]
    )
    for status in chosen:
        lines += ["", *_step(status)]
    lines += _questions(gate.questions(survey, phase))
    return "\n".join(lines)


def _step(status: Status) -> list[str]:
    item = status.item
    head = f"{paint(item.id, 'bold')}  {item.level}, {item.kind}, {EFFORT[item.data['effort']]}"
    body = [head, *wrapped(item.title), *wrapped(f"how: {item.data['how']}")]
    if status.state != "todo" or status.finding:
        body += wrapped(f"{MARKS[status.state]}: {clean(status.sentence)}")
    if item.kind != "auto":
        body += wrapped(f"then: checklist tick {item.id} -e {_expected(item)}")
    elif status.finding and status.finding.remedy:
        body += wrapped(f"then: {status.finding.remedy}")
    return body


def _expected(item: Item) -> str:
    files = (item.data.get("evidence") or {}).get("files")
    return (
        files[0]
        if files
        else "PATH"
        if item.accept == ["path"]
        else "URL"
        if item.accept == ["url"]
        else "PATH|URL"
    )


def _questions(asked: list[Question]) -> list[str]:
    if not asked:
        return []
    lines = ["", f"{len(asked)} questions decide what else applies; `checklist start` asks them:"]
    return lines + [f"    {q.fact.name:22} {q.fact.question} ({q.n_items} items)" for q in asked]


def wrapped(text: str, indent: str = "    ") -> list[str]:
    """`text` as indented lines that fit the terminal."""
    return textwrap.wrap(
        text, width(), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 3, 10)].rstrip() + "..."


def all_items(survey: Survey, section: str | None = None) -> str:
    """Every item by section, with its state in a word."""
    lines = []
    for each in survey.project.catalog.sections.values():
        own = [s for s in survey.statuses.values() if s.item.section == each.id and not s.asks]
        if own and section in (None, each.id):
            lines += ["", paint(each.title, "bold"), *(_row(status) for status in own)]
    return "\n".join([*lines, *_questions(survey.questions)]).lstrip("\n")


def _row(status: Status) -> str:
    item, word = status.item, MARKS[status.state]
    mark = paint(f"{word:8}", status.state)
    who = f" [{clean(status.by)}]" if status.vouched else ""
    wait = f" (waits for {', '.join(status.blocked_by)})" if status.blocked_by else ""
    text = f"{item.id:38} {item.phase:10} {item.level:6} {item.title}"
    return f"  {mark} {_cut(text, width() - 11 - len(who) - len(wait))}{who}{wait}"


def gate_lines(survey: Survey, phase: str, *, calendar: bool) -> str:
    """The verdict on one gate, with what is missing."""
    numbers = gate.count(survey, phase)
    holds = numbers.holds(calendar=calendar)
    who = f"{numbers.proven} proven, {numbers.vouched} vouched for"
    lines = [f"{gate.headline(numbers)} {'It holds.' if holds else 'It does not hold.'}  ({who})"]
    for status in gate.still_open(survey, phase, calendar=calendar):
        lines += _missing(status)
    lines += _questions(gate.questions(survey, phase))
    aged = [s for s in gate.asked(survey, phase) if s.calendar] if not calendar else []
    lines += [f"  warning  {s.item.id}: {clean(s.sentence)}" for s in aged]
    return "\n".join(lines)


def _missing(status: Status) -> list[str]:
    mark = paint(f"{MARKS[status.state]:8}", status.state)
    if status.blocked_by:
        return [f"  {mark} {status.item.id}: waits for {', '.join(status.blocked_by)}"]
    lines = [
        f"  {mark} {status.item.id}: {status.item.title}",
        *wrapped(clean(status.sentence), " " * 11),
    ]
    return [*lines, *wrapped(f"how: {status.item.data['how']}", " " * 11)]
