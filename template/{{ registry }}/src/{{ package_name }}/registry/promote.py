"""Make a version champion if every gate holds: `promote`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..configs.load import load, load_project
from ..executor.evaluate import EVALUATION
from ..model.store import read_description
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from ..utils.provenance import git_state
from . import gates, versions
from .comparison import check_champion

PROMOTION, REGISTRY = Path("reports", "promotion.json"), Path("reports", "registry.json")
ORIGIN = ("run", "data", "trees", "git", "config_sha256")


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
    with versions.locked(args.root):
        folder = versions.resolve(args.root, args.version)
        champion = versions.aliases(args.root).get(versions.CHAMPION)
        if folder.name == champion:
            return log("promote", f"version {champion} is champion already")
        results = check(args, folder, champion)
        for one in results:
            log("gate", f"{one.gate:<12}{'holds' if one.holds else 'fails'}  {one.evidence}")
        if failed := [one.gate for one in results if not one.holds]:
            raise CheckFailed(f"version {folder.name} is not promoted: {', '.join(failed)}")
        versions.set_aliases(args.root, champion=folder.name, previous=champion)
        reason, found = args.without_comparison, [one._asdict() for one in results]
        how = {"how": "promotion", "replaced": champion, "reason": reason}
        write_record(args.root, folder, gates=found, **how)


def check(args: argparse.Namespace, folder: Path, champion: str | None) -> list[gates.Result]:
    """Every gate of the version in `folder`."""
    config = load_project(args.root, args.overrides)
    limits = load(args.root, gates.PATH, gates.Gates)
    record, evaluation = (read_json(folder / name) for name in (runs.RECORD, EVALUATION))
    found = [
        gates.check_current(args.root, record, evaluation),
        gates.check_baseline(evaluation),
        *gates.check_limits(config, limits, evaluation),
    ]
    # Another machine's promotion counts: its record is committed, its models/ is not.
    accepted = [one["version"] for one in read_history(args.root)][-1:] or [champion]
    if accepted[0] is None or args.without_comparison or not found[0].holds:
        return found
    tolerance = limits.promotion.tolerance
    return [*found, check_champion(config, tolerance, args.root, folder, accepted[0])]


def read_history(root: Path) -> list[dict[str, Any]]:
    """Every promotion and rollback, also those of other machines, the oldest first."""
    path = root / PROMOTION
    return list(read_json(path)["history"]) if path.is_file() else []


def write_record(root: Path, folder: Path, gates: list[dict[str, Any]], **how: Any) -> None:
    """Write reports/promotion.json and registry.json: which version is in use, and why.

    how: `how` ("promotion" or "rollback"), `replaced` (a version or None) and `reason`.
    """
    description, record = read_description(folder), read_json(folder / runs.RECORD)
    made = {"version": folder.name, "created": datetime.now(UTC).isoformat(), **how}
    history = [*read_history(root), made]
    model = {"model": description["model"], "sha256": description["sha256"]}
    origin = {key: record[key] for key in ORIGIN} | {"git_now": git_state(root, "src", "conf")}
    write_json(root / PROMOTION, {**made, **model, **origin, "gates": gates, "history": history})
    champions = [one["version"] for one in history]
    models = [_listed(root, str(number), champions) for number in versions.numbers(root)]
    write_json(root / REGISTRY, {"models": models})
    instead = f" instead of {how['replaced']}" if how["replaced"] else ""
    log(how["how"], f"version {folder.name} is champion{instead}")
    log("", f"record    {PROMOTION.as_posix()}: commit it")


def _listed(root: Path, number: str, champions: list[str]) -> dict[str, Any]:
    """stage: production (the champion), retired (a former one) or candidate."""
    found = read_description(versions.resolve(root, number))
    former = "retired" if number in champions else "candidate"
    stage = "production" if number == champions[-1] else former
    facts = {"name": found["model"], "run": found["run"], "sha256": found["sha256"]}
    return {"version": number, **facts, "stage": stage}
