"""Compare models on folds of train, where a valid part is too small to choose by."""

from __future__ import annotations

import argparse
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import MODELS_OF, Config
from ..utils import git, trees
from ..utils.files import write_json
from ..utils.logs import say
from ..utils.seeds import one_thread_each, repeatable
from . import folding, scoring

if TYPE_CHECKING:
    from ..evaluation.predictions import Predictions
    from .problem import Problem

REPORT = Path("reports", "cv.json")
N_FOLDS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--candidates`, `--folds`."""
    parser.add_argument(
        "--candidates", help="models by name, with commas between (default: all of the task)"
    )
    parser.add_argument("--folds", type=int, default=N_FOLDS, help=f"default: {N_FOLDS}")


def run(config: Config, args: argparse.Namespace) -> int:
    """Write reports/cv.json; valid and test stay shut."""
    one_thread_each()
    names = _candidates(config, args.candidates)
    if args.folds < 2:
        raise ValueError(f"command line: --folds must be at least 2, got {args.folds}")
    with repeatable(config.seed):
        found = cross_validate(config, args.root, names, args.folds)
    found |= {
        "created": datetime.now(UTC).isoformat(),
        "git": git.state(args.root),
        "trees": {name: trees.tree_id(args.root, name) for name in ("src", "conf")},
    }
    write_json(args.root / REPORT, found)
    say("", found["verdict"])
    say("", f"record    {REPORT.as_posix()}")
    return 0


def _candidates(config: Config, text: str | None) -> list[str]:
    known = MODELS_OF[config.task]
    names = list(dict.fromkeys(text.split(","))) if text else list(known)
    if odd := [name for name in names if name not in known]:
        raise ValueError(
            f"command line: --candidates: '{odd[0]}' is none of {', '.join(known)} for "
            f"{config.task}"
        )
    return names


def cross_validate(config: Config, root: Path, names: list[str], n_folds: int) -> dict[str, Any]:
    """What reports/cv.json holds: scores of each candidate by fold, and who cannot be told apart.

    The baselines run along: a candidate that does not beat them needs no comparison.
    """
    from ..dataloader.manifest import hashes_of
    from ..dataloader.parts import read_part
    from ..model import baseline
    from .prepare import ensure
    from .problem import Problem

    manifest = ensure(config, root)
    problem, table = Problem.of(config, manifest), read_part(root, "train")
    folds = folding.folds_of(problem, table, n_folds)
    by = config.data.split
    say("cv", f"{n_folds} folds of {len(table)} rows of train, by {by.column or by.by}")
    told: dict[str, Predictions] = {}
    scores: dict[str, list[float | None]] = {}
    for name in [*baseline.names(config.task), *names]:
        said = list(folding.told_by_fold(problem, name, table, folds))
        told[name], scores[name] = folding.joined(said), folding.by_fold(problem, said)
    pooled = {name: _pooled(problem, one) for name, one in told.items()}
    best = _best(config, {name: pooled[name]["value"] for name in names})
    others = [name for name in told if name != best]
    apart = {name: scoring.difference(problem.config, told[best], told[name]) for name in others}
    for name in told:
        say("", f"{name:<16}{scoring.interval(pooled[name])}{_said(apart.get(name))}")
    return {
        "n_folds": n_folds,
        "metric": config.metric,
        "split": by.model_dump(),
        "folds": [{"fitted_on": len(f.fitted_on), "scored": len(f.scored)} for f in folds],
        "scores": scores,
        "candidates": [
            {
                "name": name,
                "parameters": problem.parameters(name),
                "value": pooled[name],
                **_spread(scores[name]),
            }
            for name in names
        ],
        "baselines": {name: pooled[name] for name in told if name not in names},
        "best": best,
        "behind": apart,
        "verdict": _verdict(best, {name: apart[name] for name in names if name != best}),
        "data": hashes_of(manifest),
    }


def _pooled(problem: Problem, said: Predictions) -> dict[str, float]:
    """The metric over all rows that were scored, each by a model that had not seen it."""
    return scoring.with_intervals(problem.config, said)[problem.config.metric]


def _spread(scores: list[float | None]) -> dict[str, float | None]:
    known = [score for score in scores if score is not None]
    return {
        "mean": statistics.fmean(known) if known else None,
        "std": statistics.stdev(known) if len(known) > 1 else None,
    }


def _best(config: Config, values: dict[str, float]) -> str:
    first, *others = values
    for name in others:
        first = name if scoring.is_better(config, values[name], values[first]) else first
    return first


def _said(behind: dict[str, float] | None) -> str:
    return "  best" if behind is None else f"  behind by {scoring.interval(behind)}"


def _verdict(best: str, behind: dict[str, dict[str, float]]) -> str:
    alike = [name for name, gap in behind.items() if gap["low"] <= 0]
    if not behind:
        return f"{best} was the only candidate"
    if not alike:
        return f"{best} is better than {', '.join(behind)} beyond chance"
    return f"{best} is ahead, but not told apart from {', '.join(alike)}: take the simplest of them"
