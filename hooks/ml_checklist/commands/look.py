"""`checklist status`, `next` and `show`: where the project stands, what is next, one item."""

import argparse
from pathlib import Path
from typing import Any

from ml_checklist import origin
from ml_checklist.catalog.items import PHASES, Item
from ml_checklist.catalog.load import find_item
from ml_checklist.commands import common
from ml_checklist.commands.common import Command, formats, given
from ml_checklist.errors import clean
from ml_checklist.render import data, text
from ml_checklist.render.style import MARKS, duration, paint
from ml_checklist.render.text import wrapped
from ml_checklist.state import gate
from ml_checklist.state.gate import NAMES
from ml_checklist.state.status import Status


def status(args: argparse.Namespace) -> bool:
    survey = common.surveyed(args)
    if args.format == "json":
        print(data.dump(data.report(survey)))
        return True
    if args.all:
        print(text.all_items(survey), end="\n\n")
    print(text.status(survey))
    for warning in survey.warnings:
        print(f"warning     {warning}")
    common.refuse_broken(survey)
    return True


def next_(args: argparse.Namespace) -> bool:
    survey = common.surveyed(args)
    phase = args.gate or gate.working_towards(survey.project.phase)
    chosen = gate.next_items(survey, phase, args.n)
    if args.format == "json":
        print(data.dump([{**data.item(s), "how": s.item.steps} for s in chosen]))
    else:
        what = ", the cheapest first" if chosen else ": nothing is open"
        lines = [line for each in chosen for line in ("", *_step(each))]
        lines += text.question_lines(gate.questions(survey, phase))
        print("\n".join([f"{NAMES[phase]} gate{what}", *lines]))
    return True


def _step(status: Status) -> list[str]:
    item = status.item
    head = f"{paint(item.id, 'bold')}  {item.level}, {item.kind}, {duration(item.minutes)}"
    body = [head, *wrapped(item.title), *_how(item)]
    if status.state != "todo" or status.finding:
        body += wrapped(f"{MARKS[status.state]}: {clean(status.sentence)}")
    if item.kind != "auto":
        body += wrapped(f"then: checklist tick {item.id} -e {gate.expected(item)}")
    elif status.finding and status.finding.remedy:
        body += wrapped(f"then: {status.finding.remedy}")
    return body


def show(args: argparse.Namespace) -> bool:
    survey = common.surveyed(args)
    status = survey.statuses[find_item(survey.project.catalog, args.item).id]
    if args.format == "json":
        print(data.dump({**status.item.data, **data.item(status)}))
    else:
        print(_one_item(survey.project.home, status))
    return True


def _one_item(home: Path, status: Status) -> str:
    item, written = status.item, status.item.data
    lines = [f"{paint(item.id, 'bold')}  {item.title}", ""]
    lines += wrapped(f"{MARKS[status.state]}: {clean(status.sentence)}")
    facts = [item.phase, item.level, item.kind, duration(item.minutes), f"rev {item.rev}"]
    facts += [f"when {written['when']}"] if "when" in written else []
    lines += wrapped(", ".join(facts))
    lines += ["", *wrapped(f"why: {written['why']}"), *_how(item)]
    lines += wrapped(_missing_components(home, item))
    if "went_wrong" in written:
        case = written["went_wrong"]
        lines += wrapped(f"went wrong: {case['title']}  {case['url']}")
    lines += _signatures(status)
    linked = {
        "methods": [_method(each) for each in written.get("methods") or ()],
        "options": [f"{o['name']}: {o['what']}  {o['url']}" for o in written.get("options") or ()],
        "read": [f"{r['title']} ({r['kind']})  {r['url']}" for r in written.get("refs") or ()],
    }
    for title, entries in linked.items():
        lines += ["", title] if entries else []
        lines += [line for entry in entries for line in wrapped(entry)]
    return "\n".join(lines)


def _how(item: Item) -> list[str]:
    """Its steps, numbered where there are several."""
    if len(item.steps) == 1:
        return wrapped(f"how: {item.steps[0]}")
    steps = [wrapped(f"{n}. {step}") for n, step in enumerate(item.steps, 1)]
    return ["    how:", *(line for step in steps for line in step)]


def _missing_components(home: Path, item: Item) -> str:
    """The command that adds what brings its files; empty when nothing is missing."""
    came = origin.read(home)
    _, lacks = origin.KINDS.get(came.kind, ((), ()))
    missing = [name for name in item.components if name not in (*came.components, *lacks)]
    if not missing or not came.scaffold or came.scaffold == "checklist":
        return ""
    wanted = ", ".join([*came.chosen, *missing])
    return f"first: `uvx copier update --data components='[{wanted}]' && make setup`"


def _method(method: dict[str, Any]) -> str:
    paper = method.get("paper")
    return f"{method['name']}: {paper['title']}  {paper['url']}" if paper else method["name"]


def _signatures(status: Status) -> list[str]:
    lines = [f"waits for {', '.join(status.blocked_by)}"] if status.blocked_by else []
    if status.tick:
        tick = status.tick
        lines.append(f"{tick['status']}, {tick['by']}, {tick['date']}, rev {tick['item_rev']}")
        cited = [each.get("path") or each.get("url") for each in tick.get("evidence", ())]
        lines += [f"evidence {each}" for each in cited]
    if status.waiver:
        waiver = status.waiver
        lines.append(f"waived until {waiver['until']} by {waiver['approver']}: {waiver['reason']}")
    return ["", *(f"    {clean(line)}" for line in lines)] if lines else []


_ALL = given("--all", action="store_true", help="every item, by section")
_MANY = given("-n", type=int, default=5, metavar="N", help="how many (5)")
_GATE_HELP = "of this gate, instead of the one you work towards"
_GATE, _FORMATS = given("--gate", choices=PHASES, help=_GATE_HELP), formats("text", "json")
COMMANDS: dict[str, Command] = {
    "status": (status, (_ALL, _FORMATS)),
    "next": (next_, (_MANY, _GATE, _FORMATS)),
    "show": (show, (given("item", metavar="ID"), _FORMATS)),
}
