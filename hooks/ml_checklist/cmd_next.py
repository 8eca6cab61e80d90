"""`checklist next`: the cheapest open items, each with its command."""

import argparse

from ml_checklist import gate, opening, render_json, render_text


def run(args: argparse.Namespace) -> bool:
    """Print the next items of the gate."""
    survey = opening.surveyed(args)
    phase = args.gate or gate.working_towards(survey.project.phase)
    if args.format == "json":
        chosen = render_text.next_items(survey, phase, args.n)
        print(
            render_json.dump([{**render_json.item(s), "how": s.item.data["how"]} for s in chosen])
        )
    else:
        print(render_text.next_steps(survey, phase, args.n))
    return True
