"""`checklist gate` and `promote`: is everything met that a phase asks for, and claim the next."""

import argparse

from ml_checklist.catalog.items import PHASES, RANK
from ml_checklist.commands import common
from ml_checklist.commands.common import Command, formats, given
from ml_checklist.render import data, text
from ml_checklist.state import gate as gates
from ml_checklist.state.gate import NAMES
from ml_checklist.state.project import FILE, write_settings
from ml_checklist.state.survey import Survey


def gate(args: argparse.Namespace) -> bool:
    """Print the verdict; True when the gate holds."""
    survey = common.surveyed(args)
    common.refuse_broken(survey)
    phase = args.phase or gates.claimed(survey.project.phase)
    for warning in survey.warnings if args.format == "text" else ():
        print(f"warning  {warning}")
    if phase:
        return _verdict(args, survey, phase)
    nothing = {"gate": None, "holds": True}
    print(data.dump(nothing) if args.format == "json" else _ahead(survey))
    return True


def _ahead(survey: Survey) -> str:
    """What the first gate would take; a project in phase poc claims none yet."""
    numbers = gates.count(survey, PHASES[0])
    holds = numbers.holds(calendar=True)
    rest = "`checklist promote mvp` claims it" if holds else "`checklist gate poc` lists the rest"
    lines = [f"{gates.headline(numbers)} Phase poc claims no gate yet; {rest}.", *numbers.over]
    steps = gates.next_items(survey, PHASES[0], 3)
    return "\n".join([*lines, *(f"  next  {s.item.id}: {gates.todo(s)}" for s in steps)])


def _verdict(args: argparse.Namespace, survey: Survey, phase: str) -> bool:
    numbers = gates.count(survey, phase)
    holds = numbers.holds(calendar=args.calendar)
    if args.format == "json":
        left = gates.still_open(survey, phase, calendar=args.calendar)
        found = {"gate": phase, **data.gate_data(numbers), "holds": holds}
        print(data.dump({**found, "missing": [data.item(status) for status in left]}))
    else:
        print(text.gate_lines(survey, phase, calendar=args.calendar))
    return holds


def promote(args: argparse.Namespace) -> bool:
    survey = common.surveyed(args)
    common.refuse_broken(survey)
    phase, now = args.phase, survey.project.phase
    needed = gates.claimed(phase)
    if phase == now:
        print(f"The project is in phase {phase} already; nothing to do.")
        return True
    if needed and RANK[phase] > RANK[now] and not gates.count(survey, needed).holds(calendar=True):
        print(text.gate_lines(survey, needed, calendar=True))
        print(f"\nNot promoted: phase {phase} needs the {NAMES[needed]} gate, which does not hold.")
        return False
    write_settings(survey.project.home, {**survey.project.settings, "phase": phase})
    if needed:
        print(_holds(survey, needed))
    update = f"uvx copier update --data scaffold={phase} && make setup"
    more = f" To get the code of this stage:\n  {update}" if phase in PHASES[1:] else ""
    print(f"Wrote {FILE}.{more}")
    return True


def _holds(survey: Survey, needed: str) -> str:
    numbers = gates.count(survey, needed)
    ends = [s.until for s in gates.required(survey, needed) if s.state == "waived" and s.until]
    until = f"; the first waiver ends on {min(ends)}" if ends else ""
    return f"{NAMES[needed]} gate holds: {gates.met(numbers)}{until}."


_PHASE_HELP = "default: what the declared phase claims"
_GATE = given("phase", nargs="?", choices=PHASES, help=_PHASE_HELP)
_CALENDAR_HELP = "what has aged or expired counts too"
_CALENDAR = given("--calendar", action="store_true", help=_CALENDAR_HELP)
_PHASE = given("phase", choices=(*PHASES[1:], "live", PHASES[0]))
COMMANDS: dict[str, Command] = {
    "gate": (gate, (_GATE, _CALENDAR, formats("text", "json"))),
    "promote": (promote, (_PHASE,)),
}
