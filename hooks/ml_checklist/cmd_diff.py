"""`checklist diff`: what this branch ticks, proves, loses and touches."""

import argparse
from pathlib import Path

from ml_checklist import diff, opening, render_diff, render_json
from ml_checklist.errors import DataError


def run(args: argparse.Namespace) -> bool:
    """Print the comparison; False on a regression or when the judge was touched."""
    proofs = Path(args.base_proofs) if args.base_proofs else None
    if proofs and not proofs.is_file():
        raise DataError(
            f"--base-proofs: {proofs} does not exist; leave it out, and test-proven items "
            "are unknown at base"
        )
    found = diff.compare(opening.project(args), args.base, base_proofs=proofs)
    if args.format == "json":
        print(render_json.dump(render_diff.data(found)))
    else:
        print((render_diff.markdown if args.format == "md" else render_diff.text)(found))
    opening.refuse_broken(found.head)
    return not found.regressed
