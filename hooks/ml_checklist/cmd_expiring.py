"""`checklist expiring`: what the calendar takes away, as a list for one issue a week."""

import argparse

from ml_checklist import expiring, opening, render_json
from ml_checklist.errors import DataError


def run(args: argparse.Namespace) -> bool:
    """Print the list, nothing when there is nothing; time that passes is no failure."""
    if not 0 <= args.days <= expiring.MAX_DAYS:
        raise DataError(f"--days: {args.days} must lie between 0 and {expiring.MAX_DAYS}")
    found = expiring.entries(opening.surveyed(args), args.days)
    if args.format == "json":
        print(render_json.dump([entry._asdict() for entry in found]))
    elif found:
        print(expiring.markdown(found, args.days))
    return True
