"""`checklist promote`: claim the next phase, if the gates before it hold."""

import argparse

from ml_checklist import gate, opening, render_text
from ml_checklist.gate import NAMES
from ml_checklist.items import RANK
from ml_checklist.project import FILE, write_settings
from ml_checklist.survey import Survey


def run(args: argparse.Namespace) -> bool:
    """Write the phase, or list what is missing; the calendar counts here."""
    survey = opening.surveyed(args)
    opening.refuse_broken(survey)
    phase, now = args.phase, survey.project.phase
    needed = gate.claimed(phase)
    if phase == now:
        print(f"The project is in phase {phase} already; nothing to do.")
        return True
    if needed and RANK[phase] > RANK[now] and not gate.count(survey, needed).holds(calendar=True):
        print(render_text.gate_lines(survey, needed, calendar=True))
        print(f"\nNot promoted: phase {phase} claims that the {NAMES[needed]} gate holds.")
        return False
    write_settings(survey.project.home, {**survey.project.settings, "phase": phase})
    _say(survey, phase, needed)
    return True


def _say(survey: Survey, phase: str, needed: str | None) -> None:
    if needed:
        numbers = gate.count(survey, needed)
        ends = sorted(
            s.until for s in gate.asked(survey, needed) if s.state == "waived" and s.until
        )
        waived = f" ({numbers.waived} waived, the first until {ends[0]})" if ends else ""
        print(
            f"{NAMES[needed]} gate holds: {numbers.met + numbers.waived} of "
            f"{numbers.total}{waived}."
        )
    print(f"Wrote {FILE}.", end="")
    if phase in ("mvp", "production"):
        print(
            " To get the code of this stage:\n  uvx copier update --data "
            f"scaffold={phase} && make setup"
        )
    else:
        print()
