"""`checklist status`: where we stand, what is next."""

import argparse

from ml_checklist import opening, render_json, render_text


def run(args: argparse.Namespace) -> bool:
    """Print the state of the project; being unfinished is no failure."""
    survey = opening.surveyed(args)
    if args.format == "json":
        print(render_json.dump(render_json.report(survey)))
        return True
    print(render_text.all_items(survey) + "\n" if args.all else "", end="\n" if args.all else "")
    print(render_text.status(survey))
    for warning in survey.warnings:
        print(f"warning     {warning}")
    opening.refuse_broken(survey)
    return True
