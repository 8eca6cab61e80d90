"""`checklist gate`: is everything met that a phase asks for?"""

import argparse

from ml_checklist import gate, opening, render_json, render_text
from ml_checklist.survey import Survey


def run(args: argparse.Namespace) -> bool:
    """Print the verdict; True when the gate holds."""
    survey = opening.surveyed(args)
    opening.refuse_broken(survey)
    phase = args.phase or gate.claimed(survey.project.phase)
    for warning in survey.warnings:
        print(f"warning  {warning}") if args.format == "text" else None
    if phase is None:
        return _nothing_claimed(args)
    return _verdict(args, survey, phase)


def _nothing_claimed(args: argparse.Namespace) -> bool:
    text = "Phase poc claims no gate yet, so none can fail; the data is valid."
    print(render_json.dump({"gate": None, "holds": True}) if args.format == "json" else text)
    return True


def _verdict(args: argparse.Namespace, survey: Survey, phase: str) -> bool:
    numbers = gate.count(survey, phase)
    holds = numbers.holds(calendar=args.calendar)
    if args.format == "json":
        left = gate.still_open(survey, phase, calendar=args.calendar)
        data = {"gate": phase, **render_json.gate_data(numbers), "holds": holds}
        print(render_json.dump({**data, "missing": [render_json.item(status) for status in left]}))
    else:
        print(render_text.gate_lines(survey, phase, calendar=args.calendar))
    return holds
