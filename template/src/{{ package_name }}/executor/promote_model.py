"""Make a registered model the champion, or refuse with every reason."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.gates import Gates, load_gates
from ..configs.schema import Config
from ..utils import git
from ..utils.errors import DoesNotHold
from ..utils.files import read_json, write_json
from ..utils.logs import say
from . import gating
from .evaluate import EVALUATION, REPORTS

if TYPE_CHECKING:
    from ..model.registry import Entry

CHAMPION = Path(REPORTS, "champion.json")
REGISTRY = Path(REPORTS, "registry.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The version, and the two ways around a gate, which both want a reason."""
    parser.add_argument("version", nargs="?", help="a version or alias (default: challenger)")
    parser.add_argument(
        "--rollback",
        metavar="REASON",
        help="back to a model that was champion before (default: previous); weighs nothing",
    )
    parser.add_argument(
        "--without-comparison",
        metavar="REASON",
        help="where the champion cannot answer the same rows: another target, other classes",
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Promote; raises DoesNotHold with all reasons not to, and then changes nothing."""
    from ..model import registry

    if "=" in (args.version or ""):
        raise ValueError(
            f"command line: the version comes first: `promote-model challenger {args.version}`"
        )
    default = registry.PREVIOUS if args.rollback else registry.CHALLENGER
    entry = registry.find(args.root, args.version or default)
    champion = _champion(args.root)
    if champion and entry.version == champion.version:
        say("promote", f"version {entry.version} is the champion already")
        _report(args.root, entry, _history(args.root))
        return 0
    if reasons := _reasons(config, args, entry, champion):
        raise DoesNotHold("\n".join([f"version {entry.version} stays out:", *reasons]))
    _warn(args.root, entry)
    _crown(args, entry)
    return 0


def _reasons(
    config: Config, args: argparse.Namespace, entry: Entry, champion: Entry | None
) -> list[str]:
    found = entry.tampered()
    if args.rollback:
        return found + _never_in_use(args.root, entry)
    if found:  # what such an entry says of itself is worth nothing
        return found
    gates, evaluation = load_gates(args.root), read_json(entry.folder / EVALUATION)
    return [
        *gating.stale(args.root, evaluation),
        *gating.too_weak(config, evaluation),
        *gating.uneven(gates, evaluation),
        *([] if args.without_comparison else _worse(args.root, gates, evaluation, champion)),
    ]


def _worse(
    root: Path, gates: Gates, evaluation: dict[str, Any], champion: Entry | None
) -> list[str]:
    history = _history(root)
    if champion is None and history:
        return [
            f"{CHAMPION.as_posix()} names version {history[-1]['version']} as champion, which "
            f"models/ does not hold: bring the folder here, then run `evaluate` and `register`; or "
            f"say why not with --without-comparison"
        ]
    return gating.worse(gates, evaluation, champion)


def _never_in_use(root: Path, entry: Entry) -> list[str]:
    """A rollback weighs nothing, so it leads only to where the service has been."""
    from ..model import registry

    before = [one["version"] for one in _history(root)]
    if entry.version in (*before, registry.aliases(root).get(registry.PREVIOUS)):
        return []
    there = ", ".join(dict.fromkeys(before)) or "none"
    return [f"it was never champion, so nothing can be rolled back to it; there are {there}"]


def _crown(args: argparse.Namespace, entry: Entry) -> None:
    """Move the aliases at one stroke, then write the reports that tell of it."""
    from ..model import registry

    before = registry.aliases(args.root).get(registry.CHAMPION)
    changes: dict[str, str | None] = {registry.CHAMPION: entry.version}
    if args.rollback:
        # `previous` would now lead back to what was just withdrawn.
        changes |= {registry.PREVIOUS: None, registry.WITHDRAWN: before}
    else:
        changes[registry.PREVIOUS] = before
    if registry.aliases(args.root).get(registry.CHALLENGER) == entry.version:
        changes[registry.CHALLENGER] = None
    registry.set_aliases(args.root, changes, seen={registry.CHAMPION: before})
    reason = args.rollback or args.without_comparison
    made = {
        "version": entry.version,
        "run": entry.facts["run"],
        "at": datetime.now(UTC).isoformat(),
        "instead_of": before,
        "how": "rollback" if args.rollback else "promotion",
        "reason": reason,
    }
    _report(args.root, entry, [*_history(args.root), made])
    instead = "" if before is None else f" instead of version {before}"
    say("promote", f"version {entry.version} ({entry.facts['model']}) is champion{instead}")
    say("", f"record    {CHAMPION.as_posix()}, {REGISTRY.as_posix()}: commit both")


def _report(root: Path, entry: Entry, history: list[dict[str, Any]]) -> None:
    """reports/champion.json and reports/registry.json, for reviewers, probes and the release."""
    write_json(root / CHAMPION, {**entry.facts, "history": history})
    write_json(root / REGISTRY, {"models": _listed(root)})


def _listed(root: Path) -> list[dict[str, Any]]:
    """Every version, also those that an earlier report names and another machine keeps."""
    from ..model import registry, store

    before = read_json(root / REGISTRY)["models"] if (root / REGISTRY).is_file() else []
    found = {one["version"]: {**one, "stage": "retired"} for one in before}
    named = registry.aliases(root)
    for entry in registry.entries(root):
        found[entry.version] = {
            "name": entry.facts["model"],
            "version": entry.version,
            "run": entry.facts["run"],
            "sha256": entry.facts["files"][store.MODEL],
            "stage": _stage(entry, named),
        }
    return [found[version] for version in sorted(found, key=int)]


def _stage(entry: Entry, named: dict[str, str]) -> str:
    """Candidate until there is a newer champion, or it was withdrawn."""
    champion = named["champion"]
    if entry.version == champion:
        return "production"
    is_old = int(entry.version) < int(champion) or named.get("withdrawn") == entry.version
    return "retired" if is_old else "candidate"


def _history(root: Path) -> list[dict[str, Any]]:
    path = root / CHAMPION
    return list(read_json(path)["history"]) if path.is_file() else []


def _champion(root: Path) -> Entry | None:
    from ..model import registry

    try:
        return registry.find(root)
    except ValueError:  # nobody yet, or not on this machine
        return None


def _warn(root: Path, entry: Entry) -> None:
    if git.state(root, "src", "conf")["dirty"]:
        say("", "warning   src/ or conf/ is not committed: no commit says what was promoted")
    if entry.facts["git"]["dirty"]:
        say("", "warning   the model was trained with uncommitted work; no commit rebuilds it")
    if entry.facts["git"]["commit"] is None:
        say("", "warning   the model was trained outside of git; no commit rebuilds it")
