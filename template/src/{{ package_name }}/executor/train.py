"""Fit the baselines and the chosen model on train, and score them on valid."""

import argparse
import time
from pathlib import Path
from typing import Any

from ..configs.project import TUNED, tuned
from ..configs.schema import Config
from ..utils import runs
from ..utils.logs import say
from ..utils.seeds import one_thread_each, repeatable
from . import scoring, tracking


def run(config: Config, args: argparse.Namespace) -> int:
    """One run, recorded in logs/."""
    train(config, args.root)
    return 0


def train(config: Config, root: Path, command: str = "train") -> dict[str, Any]:
    """The record of a new run; its folder holds the model. Raises what `prepare` raises."""
    one_thread_each()
    content = config.model_dump(mode="json")
    with runs.recorded(root, command, content, config.seed) as run:
        from .prepare import ensure

        manifest = ensure(config, root)
        _tell_tuned(config, root)
        with repeatable(config.seed):
            _learn(config, root, manifest, run)
    say("", f"record    {run.folder.relative_to(root).as_posix()}/{runs.RECORD}")
    tracking.track(root, run)
    return run.record


def _tell_tuned(config: Config, root: Path) -> None:
    """What a search found is never used in silence."""
    if found := tuned(root, config):
        values = " ".join(f"{key}={value}" for key, value in found.items())
        say("tuned", f"{values} from {TUNED}")


def _learn(config: Config, root: Path, manifest: dict[str, Any], run: runs.Run) -> None:
    from ..dataloader.manifest import hashes_of
    from ..dataloader.parts import read_part
    from .problem import Problem

    problem = Problem.of(config, manifest)
    run.note(data=hashes_of(manifest))
    fitted_on, valid = read_part(root, "train"), read_part(root, "valid")
    baselines = _baselines(problem, fitted_on, valid)
    best = _best(config, baselines)
    run.note(baselines=baselines, baseline={"name": best, "metrics": baselines[best]})
    started = time.perf_counter()
    model, complaints = problem.fit(config.model, fitted_on)
    said = {
        "train": problem.predict(model, fitted_on),
        "valid": problem.predict(model, valid),
    }
    metrics = {name: scoring.with_intervals(config, of_part) for name, of_part in said.items()}
    left_out = scoring.left_out(config, said["valid"])
    seconds = time.perf_counter() - started
    _tell(config, metrics["valid"][config.metric], seconds, complaints, left_out)
    run.note(metrics=metrics, left_out=left_out, warnings=complaints)
    run.note(model=_save(problem, model, run))


def _baselines(problem: Any, fitted_on: Any, valid: Any) -> dict[str, dict[str, float]]:
    """Each baseline's metrics on valid."""
    from ..model import baseline

    config, found = problem.config, {}
    for name in baseline.names(config.task):
        model, _ = problem.fit(name, fitted_on)
        found[name] = scoring.plain(config, problem.predict(model, valid))
        value = scoring.number(found[name][config.metric])
        say("baseline", f"{name:<16}{scoring.in_words(config.metric)} {value}")
    return found


def _best(config: Config, baselines: dict[str, dict[str, float]]) -> str:
    """The name of the baseline that is hardest to beat."""
    first, *others = baselines
    for name in others:
        one, other = baselines[name][config.metric], baselines[first][config.metric]
        first = name if scoring.is_better(config, one, other) else first
    return first


def _save(problem: Any, model: Any, run: runs.Run) -> dict[str, Any]:
    from ..model import store

    config = problem.config
    description = {
        "model": config.model,
        "task": config.task,
        "target": problem.contract.target.name,
        "classes": problem.classes,
        "contract": problem.contract.to_json(),
        "data": run.record["data"],
        "config_sha256": run.record["config_sha256"],
        "run": run.record["run"],
    }
    facts = store.save(run.folder, model, description)
    return {"name": config.model, **facts, "parameters": problem.parameters(config.model)}


def _tell(
    config: Config,
    value: dict[str, float],
    seconds: float,
    complaints: list[str],
    left_out: dict[str, str],
) -> None:
    metric = scoring.in_words(config.metric)
    text = f"{config.model:<16}{metric} {scoring.interval(value)} on valid"
    say("train", f"{text:<64}{seconds:.1f} s")
    for complaint in complaints:
        say("", f"warning   {complaint}")
    scoring.tell_left_out(left_out, "valid")
