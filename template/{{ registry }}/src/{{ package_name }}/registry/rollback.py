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
    folder = versions.resolve(args.root, args.version)
    used = [one["version"] for one in read_history(args.root)]
    if folder.name not in used:
        raise ValueError(f"version {folder.name} was never champion; known: {', '.join(used)}")
    seen = versions.resolve(args.root).name
    versions.set_champion(args.root, folder.name, previous=None, seen=seen)
    write_record(args.root, folder, [], how="rollback", replaced=seen, reason=args.reason)
