"""`checklist news`: what the last update of the catalog brought."""

import argparse

from ml_checklist import news, opening, render_json


def run(args: argparse.Namespace) -> bool:
    """Print the news."""
    survey = opening.surveyed(args)
    revision = news.previous(survey.project, args.since)
    old = news.old_items(survey.project, revision)
    found = news.entries(survey, old) if old else []
    if args.format == "json":
        print(render_json.dump([entry._asdict() for entry in found]))
    elif not old:
        print("no news: this is the first catalog that the history knows")
    elif not found:
        print(f"no news since {revision}")
    for entry in found if args.format == "text" else ():
        print(f"{entry.since:7} {entry.word:9} {entry.item:36} {entry.sentence}")
    return True
