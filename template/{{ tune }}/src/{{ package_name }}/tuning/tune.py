"""Search the parameters of the model: `tune`. Stopped, it goes on when it is run again."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal

import optuna
import yaml  # type: ignore[import-untyped]
from optuna import distributions as kinds
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from optuna.visualization import plot_optimization_history, plot_slice
from pydantic import Field

from ..configs.load import DEFAULT, TUNED, load, load_project
from ..configs.settings import Config, Count, Section
from ..dataloader.manifest import hashes_of
from ..evaluation.intervals import bootstrap_pair
from ..evaluation.metrics import METRICS
from ..evaluation.report import render, write_script
from ..evaluation.text import interval_text, number_text
from ..executor.train import bootstrap_options
from ..utils import runs
from ..utils.engines import engine
from ..utils.files import sha256_of_json, write_json, write_text
from ..utils.logs import log
from ..utils.provenance import tree_id
from .folds import CrossValidation, Scored, pool, value_of, with_parameters

PATH, REPORT, PAGE = "conf/search.yaml", "reports/study.json", "reports/tuning.html"
# Of conf/search.yaml: what may change while a study goes on, or is named apart.
NOT_OF_A_STUDY = {"n_trials", "seconds", "n_parallel", "trials", "space"}
DONE = (TrialState.COMPLETE, TrialState.PRUNED)
PLOTS = (plot_optimization_history, plot_slice)


class Search(Section):
    """Everything in conf/search.yaml.

    seconds: of one call. n_parallel: trials that are asked for before the first has a value.
    trials: model -> parameters of its trials and their comparison, and of no training.
    space: model -> parameter -> limits.
    """

    n_trials: Count
    seconds: Count | None
    n_folds: Count
    n_parallel: Count = 1
    seed: int
    pruning: Literal["none", "median"]
    trials: dict[str, dict[str, Any]] = Field(default_factory=dict)
    space: dict[str, dict[str, dict[str, Any]]]


def run(args: argparse.Namespace) -> None:
    """Run what is left of n_trials; write conf/tuned.yaml if the best is better beyond chance.

    Words change values of conf/search.yaml; of conf/default.yaml only model=NAME and engine=NAME.
    """
    model = [word for word in args.overrides if word.startswith("model=")]
    place = [word for word in args.overrides if word.startswith("engine=")]
    own = [word for word in args.overrides if word not in [*model, *place]]
    config = load(args.root, DEFAULT, Config, model)
    search = load(args.root, PATH, Search, own)
    if not search.space.get(config.model):
        raise ValueError(f"{PATH}: space.{config.model} is missing, and model is {config.model}")
    name = load_project(args.root, place).engine
    with runs.repeatable(config.seed), engine(name, args.root) as spread:
        validation = CrossValidation(config, args.root, search.n_folds, search.trials, spread)
        study = open_study(args.root, search, validation)
        optimize(study, load_project(args.root), search, validation)
        found = compare(args.root, study, validation)
    limits = search.space[config.model]
    write_json(args.root / REPORT, {"study": study.study_name, "space": limits, **found})
    write_script(args.root)
    figures = [plot(study).to_html(full_html=False, include_plotlyjs=False) for plot in PLOTS]
    page = render("tuning/tuning.html", title=study.study_name, found=found, figures=figures)
    write_text(args.root / PAGE, page)
    log("", f"best      {number_text(found['best']['value'])}  {found['best']['parameters']}")
    log("", f"          {found['result']}")
    log("", f"record    {REPORT}      page  {PAGE}")


def open_study(root: Path, search: Search, validation: CrossValidation) -> optuna.Study:
    """Begin or continue the study in logs/studies/ that has a hash of all it depends on as name."""
    config, limits = validation.config, search.space[validation.config.model]
    own = config.models.get(config.model, {}) | search.trials.get(config.model, {})
    fixed = {k: v for k, v in own.items() if k not in limits}
    content = [
        config.model_dump(mode="json", exclude={"models", "evaluation", "engine"}),
        search.model_dump(mode="json", exclude=NOT_OF_A_STUDY),
        [limits, fixed, hashes_of(validation.manifest)],
        tree_id(Path(__file__).parents[1], "model"),
    ]
    path = root / "logs" / "studies" / f"{config.model}-{sha256_of_json(content)[:8]}.journal"
    path.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    is_pruned, metric = search.pruning == "median", METRICS[config.metric]
    return optuna.create_study(
        study_name=path.stem,
        storage=optuna.storages.JournalStorage(JournalFileBackend(str(path))),
        direction="maximize" if metric.greater_is_better else "minimize",
        pruner=optuna.pruners.MedianPruner() if is_pruned else optuna.pruners.NopPruner(),
        load_if_exists=True,
    )


def optimize(
    study: optuna.Study, current: Config, search: Search, validation: CrossValidation
) -> None:
    """Run the trials that are left; the first has the parameters of `current`."""
    config, started = validation.config, time.monotonic()
    limits = search.space[config.model]
    space = {name: distribution(f"{config.model}.{name}", one) for name, one in limits.items()}
    n_done, own = len(study.get_trials(states=DONE)), current.models.get(config.model, {})
    # With the same seed a search that goes on would begin with the same random values.
    study.sampler = optuna.samplers.TPESampler(seed=search.seed + n_done)
    for name in [name for name, one in own.items() if isinstance(one, dict)]:
        own = own | {f"{name}.{key}": value for key, value in own[name].items()}
    study.enqueue_trial({k: own[k] for k in space if k in own}, skip_if_exists=True)
    log("tune", f"{study.study_name}: {search.n_trials} trials, {n_done} of them done before")
    if short := search.trials.get(config.model):
        log("", f"each with {short}, which a training has not")
    for first in range(n_done, search.n_trials, search.n_parallel):
        n_trials = min(search.n_parallel, search.n_trials - first)
        trials = [study.ask(space) for _ in range(n_trials)]
        # An engine begins with the folds of all of them here; the results are taken in order.
        begun = [validation.predict(with_parameters(config, one.params)) for one in trials]
        for trial, predicted in zip(trials, begun, strict=True):
            value = evaluate_trial(trial, config, predicted)
            study.tell(trial, value, TrialState.PRUNED if value is None else TrialState.COMPLETE)
            text = "pruned" if value is None else number_text(value)
            log("", f"trial {trial.number + 1:<4}{text}  {trial.params}")
        if search.seconds and time.monotonic() - started > search.seconds:
            break


def distribution(name: str, limits: dict[str, Any]) -> kinds.BaseDistribution:
    """{choices}, or {low, high} with log and step: whole numbers where both ends are."""
    ends = [limits.get("low"), limits.get("high")]
    is_whole = all(isinstance(end, int) for end in ends)
    number: Any = kinds.IntDistribution if is_whole else kinds.FloatDistribution
    try:
        return (kinds.CategoricalDistribution if "choices" in limits else number)(**limits)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{PATH}: space.{name}: {error}") from error


def evaluate_trial(
    trial: optuna.Trial, config: Config, predicted: Iterator[Scored]
) -> float | None:
    """The metric on the rows of all folds; None where the trial is pruned before the last."""
    found, value = [], None
    for step, one in enumerate(predicted):
        found.append(one)
        value = value_of(config, *pool(found))
        trial.report(value, step)
        if trial.should_prune():
            return None
    return value


def compare(root: Path, study: optuna.Study, validation: CrossValidation) -> dict[str, Any]:
    """The best trial against what `train` uses; writes conf/tuned.yaml if it is surely better.

    Where the best is in use already, it is compared with conf/default.yaml alone.
    """
    config, n_trials = validation.config, len(study.get_trials(states=DONE))
    best, name, other = with_parameters(config, study.best_params), TUNED, load_project(root)
    if other == best or not (root / TUNED).is_file():
        name, other = DEFAULT, load(root, DEFAULT, Config)
    gain, result = None, f"{DEFAULT} has the best parameters already"
    if other != best:
        gain = corrected_gain(best, other, validation, n_trials)
        end = "written" if gain["low"] > 0 else "not written"
        text = f"gain {interval_text(gain)} over {name}, corrected for {n_trials} trials"
        result = f"{text}; {end} to {TUNED}"
    if gain and gain["low"] > 0:
        searched = with_parameters(config.model_copy(update={"models": {}}), study.best_params)
        values = {"model": config.model, "models": searched.models}
        comment = f"# {study.study_name}: {result}; delete this file to go back."
        write_text(root / TUNED, f"{comment}\n{yaml.safe_dump(values, sort_keys=False)}")
    best_trial = {"parameters": study.best_params, "value": study.best_value}
    facts = {"model": config.model, "metric": config.metric, "n_trials": n_trials}
    return {**facts, "best": best_trial, "gain": gain, "result": result}


def corrected_gain(
    best: Config, other: Config, validation: CrossValidation, n_trials: int
) -> dict[str, Any]:
    """The advantage of `best` on the folds; its interval is widened as for n_trials comparisons.

    Source: Dunn (1961), Multiple Comparisons Among Means, JASA 56.
    """
    y_true, predicted = pool(list(validation.predict(best)))
    _, compared = pool(list(validation.predict(other)))
    options = bootstrap_options(best)
    _, gain = bootstrap_pair(METRICS[best.metric], y_true, predicted, compared, **options)
    tail = (1 - options["level"]) / 2
    factor = NormalDist().inv_cdf(tail / n_trials) / NormalDist().inv_cdf(tail)
    value, *ends = (gain[key] or 0.0 for key in ("value", "low", "high"))
    low, high = (value + factor * (end - value) for end in ends)
    return {"value": value, "low": low, "high": high, "n_trials": n_trials}
