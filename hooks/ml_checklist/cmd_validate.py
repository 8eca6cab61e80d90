"""`checklist validate`: is the data in order? Schemas, ids, aliases, orphans, dates.

Floors of a catalog with --lint.
"""

import argparse
from pathlib import Path

from ml_checklist import adoption, catalog, opening, origin, render_json, survey
from ml_checklist.errors import DataError, Problem


def run(args: argparse.Namespace) -> bool:
    """Print what is wrong; exit code 2 through DataError, as all bad data."""
    if args.catalog and not args.root:
        folder = Path(args.catalog)
        read = catalog.load(folder, args.catalog.rstrip("/"))
        problems: list[Problem] = []
        what = f"{args.catalog}: {len(read.items)} items in {len(read.sections)} sections"
    else:
        opened = opening.project(args)
        read = opened.catalog
        given, granted = survey.read_state(opened)
        problems = given.problems + granted.problems
        warnings = given.warnings + granted.warnings
        warnings += adoption.left_out(opened.home) + origin.traps(opened.home)
        n_files = f"{len(given.entries)} ticks, {len(granted.entries)} waivers"
        what = f"{len(read.items)} items, {n_files}, phase {opened.phase}"
        for warning in warnings if args.format == "text" else ():
            print(f"warning: {warning}")
    if args.lint:
        from ml_checklist import lint, views

        views.load(read)

        problems += lint.problems(read)
        for name, (filled, total) in lint.shares(list(read.items.values())).items():
            print(f"{name}: {filled} of {total}") if args.format == "text" else None
    if args.format == "json":
        print(render_json.dump({"problems": [problem._asdict() for problem in problems]}))
    if problems:
        raise DataError(*problems)
    if args.format == "text":
        print(f"{what}: in order")
    return True
