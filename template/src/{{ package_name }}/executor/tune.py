"""Search the parameters of the model in conf/search.yaml; goes on where it was stopped."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..configs.load import load
from ..configs.project import DEFAULT, TUNED, load_project
from ..configs.schema import Config
from ..configs.search import SEARCH, Search, load_search
from ..configs.tuned_text import tuned_text
from ..utils import environment, git, trees
from ..utils.files import sha256_of_json, write_json, write_text
from ..utils.logs import say
from ..utils.seeds import one_thread_each
from . import scoring

if TYPE_CHECKING:
    import polars as pl
    from optuna import Study

    from ..dataloader.folds import Fold
    from .problem import Problem
    from .trials import Hunt

REPORT = Path("reports", "study.json")
# Rows and metric belong to conf/default.yaml: what is searched is weighed against what is in force.
FIXED = ("task=", "metric=", "data.")
# Packages whose version moves a score.
COUNTED = ("numpy", "scikit-learn")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--accept`."""
    parser.add_argument(
        "--accept",
        action="store_true",
        help=f"write {TUNED} although the best is not better beyond chance",
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Run what is left of the budget, weigh the best, write it if it is better beyond chance.

    Parameters start at conf/default.yaml and the command line: an earlier conf/tuned.yaml is what
    the best is weighed against, not what it is searched from.
    """
    one_thread_each()
    if find_spec("optuna") is None:
        raise ValueError("optuna is not installed; run `make setup`")
    from . import studies, trials

    if fixed := [word for word in args.overrides if word.startswith(FIXED)]:
        raise ValueError(f"command line: '{fixed[0]}': set it in {DEFAULT} before you search")
    base = load(args.root, DEFAULT, Config, args.overrides)
    hunt = hunt_of(base, load_search(args.root), args.root)
    higher = _higher_is_better(base)
    with studies.opened(args.root, hunt.name, hunt.search, higher_is_better=higher) as study:
        _announce(hunt, study)
        trials.search_on(hunt, study)
        _conclude(hunt, study, accept=args.accept)
    return 0


def hunt_of(config: Config, search: Search, root: Path) -> Hunt:
    """The search that these settings ask for, on prepared data."""
    from ..dataloader.manifest import hashes_of
    from ..dataloader.parts import read_part
    from .prepare import ensure
    from .problem import Problem
    from .trials import Hunt

    if not search.space.get(config.model):
        raise ValueError(f"{SEARCH}: space.{config.model} is missing, and model is {config.model}")
    manifest = ensure(config, root)
    problem = Problem.of(config, manifest)
    fitted_on, valid = read_part(root, "train"), read_part(root, "valid")
    folds = _folds(problem, fitted_on, search, len(valid))
    if search.pruning == "median" and not folds:
        raise ValueError(
            f"{SEARCH}: pruning: median compares trials fold by fold, and score.by is valid here"
        )
    data = hashes_of(manifest)
    name = f"{config.model}-{_identity(config, search, data, len(folds))[:8]}"
    return Hunt(root, name, search, problem, fitted_on, valid, folds, data)


def _folds(
    problem: Problem, fitted_on: pl.DataFrame, search: Search, n_valid_rows: int
) -> list[Fold]:
    """The folds that trials are scored on; none where they are scored on valid."""
    from .folding import folds_of

    if not search.score.by_folds(n_valid_rows):
        return []
    try:
        return folds_of(problem, fitted_on, search.score.n_folds)
    except ValueError as error:
        if search.score.by == "folds":
            raise
        say("tune", f"scored on valid, for want of folds: {error}")
        return []


def _identity(config: Config, search: Search, data: dict[str, str], n_folds: int) -> str:
    """A hash of whatever moves the score of a trial; the budget does not."""
    content = config.model_dump(mode="json")
    package = Path(__file__).parents[1]
    packages = environment.describe()["packages"]
    return sha256_of_json(
        {
            "config": {key: content[key] for key in ("task", "metric", "seed", "data", "train")},
            "parameters": content["models"][config.model],
            "space": search.model_dump(mode="json")["space"][config.model],
            "sampler": search.sampler.model_dump(),
            "pruning": search.pruning,
            "n_folds": n_folds,
            "data": data,
            "code": {name: trees.tree_id(package, name) for name in ("model", "dataloader")},
            "packages": {name: packages[name] for name in COUNTED},
        }
    )


def _higher_is_better(config: Config) -> bool:
    from ..evaluation.metrics import find

    return find(config.task, config.metric).higher_is_better


def _announce(hunt: Hunt, study: Study) -> None:
    from . import studies

    n_done, n_trials = len(studies.counted(study)), hunt.search.budget.n_trials
    metric = scoring.in_words(hunt.problem.config.metric)
    before = f", {n_done} of them done before" if n_done else ""
    say("tune", f"{hunt.name}: {n_trials} trials{before}; {metric} on {hunt.scored_on}")


def _conclude(hunt: Hunt, study: Study, *, accept: bool) -> None:
    """Weigh the best, write what follows from it, and say so."""
    from . import studying, weighing

    found = studying.summary(hunt, study)
    best = studying.best_of(hunt, found)
    over, other = _opponent(hunt.root, best)
    found["gain"] = {"over": over, **weighing.gain(hunt, best, other, found["n_trials"])}
    was_written = over == DEFAULT and (hunt.root / TUNED).is_file()
    found["written"] = was_written or accept or weighing.is_better(found["gain"])
    verdict = studying.verdict(found, was_written=was_written)
    if found["written"] and not was_written:
        about = studying.about(hunt, found, verdict)
        write_text(hunt.root / TUNED, tuned_text(studying.values(hunt, best), about))
    found |= {"created": datetime.now(UTC).isoformat(), "git": git.state(hunt.root)}
    write_json(hunt.root / REPORT, found)
    page = studying.write_page(hunt, study, found, verdict)
    say("", f"best      {studying.in_words(found)}")
    say("", f"          {verdict}")
    say("", f"report    {page.as_posix()}      record  {REPORT.as_posix()}")
    if found["written"] and not was_written:
        say("", "next      train, then evaluate")


def _opponent(root: Path, best: Config) -> tuple[str, Config]:
    """What `train` takes now, and the file that says so; where that is the best, the default."""
    from .weighing import is_same

    in_force = load_project(root)
    if (root / TUNED).is_file() and not is_same(in_force, best):
        return TUNED, in_force
    return DEFAULT, load(root, DEFAULT, Config)
