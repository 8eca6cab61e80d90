"""Make a version champion if every gate holds: `promote`."""

import argparse
from pathlib import Path

from ..configs.load import load_project
from ..executor.evaluate import EVALUATION
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json
from ..utils.logs import log
from . import evidence, gates, versions
from .comparison import check_champion


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--version` and `--without-comparison`."""
    parser.add_argument("--version", default=versions.CHALLENGER, help="default: challenger")
    parser.add_argument(
        "--without-comparison",
        metavar="REASON",
        help="where the champion cannot predict the same rows: another target, other classes",
    )


def run(args: argparse.Namespace) -> None:
    """Promote; raises CheckFailed with every gate that does not hold, and then changes nothing."""
    folder = versions.resolve(args.root, args.version)
    seen = versions.aliases(args.root).get(versions.CHAMPION)
    if folder.name == seen:
        return log("promote", f"version {seen} is champion already")
    results = check(args, folder, seen)
    for one in results:
        log("gate", f"{one.gate:<12}{'holds' if one.holds else 'fails'}  {one.evidence}")
    if failed := [one.gate for one in results if not one.holds]:
        raise CheckFailed(f"version {folder.name} is not promoted: {', '.join(failed)}")
    versions.set_champion(args.root, folder.name, previous=seen, seen=seen)
    how = {"how": "promotion", "replaced": seen, "reason": args.without_comparison}
    evidence.write_promotion(args.root, folder, [one._asdict() for one in results], **how)
    log("promote", f"version {folder.name} is champion{f' instead of {seen}' if seen else ''}")
    log("", f"record    {evidence.PROMOTION.as_posix()}: commit it")


def check(args: argparse.Namespace, folder: Path, champion: str | None) -> list[gates.Result]:
    """Every gate of the version in `folder`."""
    config, limits = load_project(args.root, args.overrides), gates.load_gates(args.root)
    evaluation = read_json(folder / EVALUATION)
    trained = read_json(folder / runs.RECORD)["trees"]["src"]
    found = [
        gates.check_current(args.root, trained, evaluation),
        gates.check_baseline(evaluation),
        *gates.check_limits(config, limits, evaluation),
    ]
    # Another machine's promotion counts: its record is committed, its models/ is not.
    accepted = [one["version"] for one in evidence.read_history(args.root)][-1:] or [champion]
    if accepted[0] is None or args.without_comparison or not found[0].holds:
        return found
    tolerance = limits.promotion.tolerance
    return [*found, check_champion(config, tolerance, args.root, folder, accepted[0])]
