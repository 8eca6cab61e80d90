"""What keeps a model from being registered or promoted, each reason as one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.gates import Gates
from ..configs.schema import Config
from ..utils import trees
from . import scoring
from .cases import MISSES
from .evaluate import below

if TYPE_CHECKING:
    from ..model.registry import Entry

AGAIN = "run `evaluate`, then `register`"


def stale(root: Path, evaluation: Mapping[str, Any]) -> list[str]:
    """Why an evaluation no longer speaks of this checkout."""
    from ..dataloader.manifest import hashes_of, read_manifest

    said = f"the evaluation of run {evaluation['run']} is stale"
    found = [
        f"{said}: {name}/ has changed since; {AGAIN}"
        for name, tree in evaluation["trees"].items()
        if tree != trees.tree_id(root, name)
    ]
    manifest = read_manifest(root)
    if manifest is None or hashes_of(manifest) != evaluation["data"]:
        found.append(f"{said}: data/ holds other data now; `train`, then {AGAIN}")
    return found


def too_weak(config: Config, evaluation: Mapping[str, Any]) -> list[str]:
    """Below evaluation.floor; where there is none, not better than the baseline beyond chance."""
    if config.evaluation.floor is not None:
        return below(config, dict(evaluation))
    gain, baseline = evaluation["beats_baseline"], evaluation["baseline"]["name"]
    if gain["low"] > 0:
        return []
    metric = scoring.in_words(evaluation["metric"])
    return [
        f"{metric} on test is not better than the baseline ({baseline}) beyond chance: the gain is "
        f"{scoring.interval(gain)}; a floor of your own is evaluation.floor in conf/default.yaml"
    ]


def uneven(gates: Gates, evaluation: Mapping[str, Any]) -> list[str]:
    """Slices below the floors that hold today."""
    from .judging.slice_floors import held_to

    found = held_to(gates.slices, dict(evaluation))
    return list(found[MISSES]) if found else []


def worse(gates: Gates, evaluation: Mapping[str, Any], champion: Entry | None) -> list[str]:
    """Worse than the champion of today, or never weighed against it."""
    if champion is None:
        return []
    found, name = evaluation.get("champion"), f"the champion, version {champion.version}"
    if found is None or found["version"] != champion.version:
        return [f"it was not weighed against {name}; {AGAIN}"]
    if why := found.get("why_not"):
        return [
            f"it cannot be weighed against {name}: {why}; if that is meant, say why with "
            f"--without-comparison"
        ]
    difference, tolerance = found["difference"], gates.promotion.tolerance
    said = f"{scoring.in_words(found['metric'])} differs by {scoring.interval(difference)}"
    if tolerance is not None and difference["low"] < -tolerance:
        return [f"it may be worse than {name} by more than the tolerance {tolerance:g}: {said}"]
    if tolerance is None and difference["high"] < 0:
        return [f"it is worse than {name}: {said}"]
    return []
