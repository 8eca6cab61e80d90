"""Make a version champion again that was champion before: `rollback`."""

import argparse

from ..model import store
from ..utils.logs import log
from . import evidence, versions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--reason` and `--version`."""
    parser.add_argument("--reason", required=True, help="why; it is kept in the record")
    parser.add_argument("--version", default=versions.PREVIOUS, help="default: previous")


def run(args: argparse.Namespace) -> None:
    """Roll back without gates; raises ValueError for a version that was never champion."""
    folder = versions.resolve(args.root, args.version)
    used = [one["version"] for one in evidence.read_history(args.root)]
    if folder.name not in used:
        raise ValueError(f"version {folder.name} was never champion; there are {', '.join(used)}")
    store.read_description(folder)  # raises ValueError if the model file has changed
    seen = versions.resolve(args.root).name
    versions.set_champion(args.root, folder.name, previous=None, seen=seen)
    how = {"how": "rollback", "replaced": seen, "reason": args.reason}
    evidence.write_promotion(args.root, folder, [], **how)
    log("rollback", f"version {folder.name} is champion again instead of {seen}")
    log("", f"record    {evidence.PROMOTION.as_posix()}: commit it")
