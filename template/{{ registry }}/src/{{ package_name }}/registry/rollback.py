"""Make a version champion again that was champion before: `rollback`."""

import argparse

from . import versions
from .promote import read_history, write_record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--reason` and `--version`."""
    parser.add_argument("--reason", required=True, help="why; it is kept in the record")
    parser.add_argument("--version", default=versions.PREVIOUS, help="default: previous")


def run(args: argparse.Namespace) -> None:
    """Roll back without gates; raises ValueError for a version that was never champion."""
    with versions.locked(args.root):
        folder, champion = (versions.resolve(args.root, one) for one in (args.version, "champion"))
        used = [one["version"] for one in read_history(args.root)]
        if folder.name not in used:
            raise ValueError(f"version {folder.name} was never champion; known: {', '.join(used)}")
        versions.set_aliases(args.root, champion=folder.name, previous=None)
        how = {"how": "rollback", "replaced": champion.name, "reason": args.reason}
        write_record(args.root, folder, [], **how)
