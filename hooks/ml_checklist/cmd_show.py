"""`checklist show`: everything about one item."""

import argparse

from ml_checklist import catalog, opening, render_item, render_json


def run(args: argparse.Namespace) -> bool:
    """Print one item."""
    survey = opening.surveyed(args)
    status = survey.statuses[catalog.find_item(survey.project.catalog, args.item).id]
    if args.format == "json":
        print(render_json.dump({**status.item.data, **render_json.item(status)}))
    else:
        print(render_item.one_item(status))
    return True
