"""Judge the newest run on the test part, and write the report."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..utils import git, runs, trees
from ..utils.errors import DoesNotHold
from ..utils.files import read_json, write_json
from ..utils.logs import say
from ..utils.seeds import one_thread_each, repeatable
from . import scoring, tracking
from .cases import Case, judge_all, misses

if TYPE_CHECKING:
    import polars as pl

    from .problem import Problem

EVALUATION = "evaluation.json"
REPORT = "report.html"
REPORTS = "reports"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to judge, a folder in logs/ (default: the newest)")


def run(config: Config, args: argparse.Namespace) -> int:
    """Evaluate one run; raises DoesNotHold below evaluation.floor, or where a judge says no."""
    one_thread_each()
    from ..evaluation.report import write_report
    from .card import fill

    judged = runs.find(args.root, args.run)
    with repeatable(config.seed):
        evaluation = evaluate(config, args.root, judged)
    write_json(judged.folder / EVALUATION, evaluation)
    write_report(evaluation, judged.record, judged.folder / REPORT)
    _stand_by(args.root, judged.folder)
    fill(args.root, evaluation)
    _tell(evaluation, judged.folder.relative_to(args.root))
    tracking.evaluated(args.root, judged, evaluation)
    if broken := [*below(config, evaluation), *misses(evaluation)]:
        raise DoesNotHold("\n".join(broken))
    return 0


def evaluate(config: Config, root: Path, judged: runs.Run) -> dict[str, Any]:
    """What reports/evaluation.json holds. How to judge comes from `config`, the rest from the run.

    Raises ValueError if the run was trained on other data than there is now.
    """
    from ..dataloader.parts import read_part
    from ..model import store
    from . import curve
    from .problem import Problem

    manifest = _manifest(root, judged)
    trained = Config.model_validate(judged.record["config"])
    problem = Problem.of(trained.model_copy(update={"evaluation": config.evaluation}), manifest)
    model, _ = store.load(judged.folder)
    fitted_on, valid = read_part(root, "train"), read_part(root, "valid")
    test = read_part(root, "test", for_evaluation=True)
    assessed = _assess(problem, judged.record["baseline"]["name"], model, fitted_on, test)
    case = Case(root, judged, problem, model, fitted_on, valid, test, assessed)
    return {
        "run": judged.record["run"],
        "created": datetime.now(UTC).isoformat(),
        "split": "test",
        **assessed,
        **below_floor(config.evaluation.floor, assessed),
        **judge_all(case),
        "train": _values(judged.record["metrics"]["train"]),
        "valid": judged.record["metrics"]["valid"],
        "learning_curve": curve.learning_curve(problem, fitted_on, valid, judged.record),
        "trees": {name: trees.tree_id(root, name) for name in ("src", "conf")},
        "data": judged.record["data"],
        "git": git.state(root),
    }


def _manifest(root: Path, judged: runs.Run) -> dict[str, Any]:
    from ..dataloader import manifest as manifests

    manifest = manifests.read_manifest(root)
    if manifest is None or not manifests.is_complete(root, manifest):
        raise ValueError("data/: parts are missing or changed; run `prepare`, then `train`")
    if manifests.hashes_of(manifest) != judged.record["data"]:
        raise ValueError(
            f"logs/{judged.record['run']}: trained on other data than data/ holds now; train again"
        )
    return manifest


def _assess(
    problem: Problem, baseline: str, model: Any, fitted_on: pl.DataFrame, test: pl.DataFrame
) -> dict[str, Any]:
    from ..evaluation.assess import assess
    from ..evaluation.settings import Settings
    from .slicing import slices

    config = problem.config
    guess, _ = problem.fit(baseline, fitted_on)
    settings = Settings(
        n_resamples=config.evaluation.n_resamples,
        level=config.evaluation.level,
        seed=config.seed,
        n_bins=config.evaluation.n_bins,
    )
    groups = slices(test, problem.contract, config.evaluation.slices)
    try:
        return assess(
            config.task,
            problem.predict(model, test),
            problem.predict(guess, test),
            baseline_name=baseline,
            metric=config.metric,
            slices=groups,
            settings=settings,
        )
    except ValueError as error:
        raise DoesNotHold(f"the metrics cannot be: {error}") from error


def _values(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    return {name: score["value"] for name, score in scores.items()}


def _stand_by(root: Path, folder: Path) -> None:
    """Copy the record and the evaluation to where probes and reviewers read them."""
    for name in (runs.RECORD, EVALUATION):
        write_json(root / REPORTS / name, read_json(folder / name))


def _tell(evaluation: dict[str, Any], folder: Path) -> None:
    metric = evaluation["metric"]
    baseline = evaluation["baseline"]
    beaten = scoring.number(baseline["metrics"][metric]["value"])
    value = scoring.interval(evaluation["metrics"][metric])
    say(
        "evaluate",
        f"{scoring.in_words(metric)} {value} on test, baseline {beaten} ({baseline['name']})",
    )
    scoring.tell_left_out(evaluation["left_out"], "test")
    for one in evaluation.get("below_floor", ()):
        value = scoring.number(one["value_of_metric"])
        say("", f"below the floor: {one['column']} {one['value']}, {one['n_rows']} rows: {value}")
    say("", f"learning curve: {evaluation['learning_curve']['sentence']}")
    say("", f"report  {folder.as_posix()}/{REPORT}      record  {REPORTS}/{EVALUATION}")


def below_floor(floor: float | None, assessed: dict[str, Any]) -> dict[str, Any]:
    """`below_floor`: the slices that miss evaluation.floor; nothing where none is set."""
    if floor is None:
        return {}
    keys = ("column", "value", "n_rows", "value_of_metric")
    found = [one for one in assessed["slices"] if _misses(one["value_of_metric"], floor, assessed)]
    return {"below_floor": [{key: one[key] for key in keys} for one in found]}


def _misses(value: float | None, floor: float, evaluation: dict[str, Any]) -> bool:
    if value is None:
        return False
    return value < floor if evaluation["higher_is_better"] else value > floor


def below(config: Config, evaluation: dict[str, Any]) -> list[str]:
    """The sentence that says that all rows together miss evaluation.floor, if they do."""
    floor, metric = config.evaluation.floor, evaluation["metric"]
    value = evaluation["metrics"][metric]["value"]
    if floor is None or not _misses(value, floor, evaluation):
        return []
    said = f"{scoring.in_words(metric)} {scoring.number(value)} on test"
    return [f"{said} misses evaluation.floor {floor:g}"]
