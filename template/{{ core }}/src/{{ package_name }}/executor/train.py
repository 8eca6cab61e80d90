"""Fit the baselines and the model on train, and score them on valid."""

import argparse
import math
import shutil
import time
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import TUNED, load_project
from ..configs.settings import Config
from ..dataloader import manifest as manifests
from ..dataloader.schema import read_schema
from ..evaluation.intervals import bootstrap
from ..evaluation.metrics import METRICS, score
from ..evaluation.text import interval_text, metric_text, number_text
from ..model import store
from ..model.baseline import baselines_of
from ..model.predictor import Array, Predictor, encode_target, fit
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.logs import log
from ..utils.predictions import Predictions
from ..utils.suspects import sample
from .look import caution, print_suspects, too_good
from .prepare import ensure

# Draws behind the interval on valid; test gets evaluation.n_resamples.
N_DRAWS = 200
# Of train so many rows are predicted again for its metrics: no decision needs them to the digit.
MAX_SCORED = 100_000
Values = dict[str, dict[str, float | None]]


def run(args: argparse.Namespace) -> None:
    """One run, recorded in logs/."""
    train(load_project(args.root, args.overrides), args.root)


def train(
    config: Config, root: Path, command: str = "train", state: Path | None = None
) -> dict[str, Any]:
    """The record of a new run; its folder holds the model. Raises what `prepare` raises.

    state: what a stopped training left, to be continued.
    """
    with runs.recorded(root, command, config.model_dump(mode="json")) as current:
        if state is not None:
            shutil.copyfile(state, current.folder / state.name)
        manifest = ensure(config, root)
        # The first one writes conf/schema.yaml.
        current.add(trees=runs.trees(root), data=manifests.hashes_of(manifest))
        if (root / TUNED).is_file():
            log("", f"{TUNED} replaces values of conf/default.yaml")
        with runs.repeatable(config.seed):
            model = _fit_and_score(config, root, manifest, current)
        facts = store.save(current.folder, model, _description(config, root, current, manifest))
        parameters = model.estimator.get_params() if hasattr(model.estimator, "get_params") else {}
        plain = {key: value for key, value in parameters.items() if _is_plain(value)}
        current.add(model={"name": config.model, **facts, "parameters": plain})
    log("", f"record    {current.folder.relative_to(root).as_posix()}/{runs.RECORD}")
    return current.record


def _fit_and_score(
    config: Config, root: Path, manifest: dict[str, Any], current: runs.Run
) -> Predictor:
    parts = {name: manifests.read_part(root, name) for name in ("train", "valid")}
    features, classes = manifest["features"], manifest["classes"]
    scored = {**parts, "train": sample(parts["train"], MAX_SCORED, config.seed)}
    y = {name: encode_target(rows[config.data.target], classes) for name, rows in scored.items()}
    best = _fit_baselines(config, manifest, parts, y["valid"], current)
    started = time.perf_counter()
    early: dict[str, Any] = {"valid": parts["valid"], "folder": current.folder}
    model, warnings = fit(config, config.model, parts["train"], features, classes, **early)
    predicted = {name: model.predict(rows) for name, rows in scored.items()}
    metrics = {name: score_values(config, y[name], predicted[name]) for name in parts}
    options = {**bootstrap_options(config), "n_resamples": N_DRAWS}
    found = bootstrap(METRICS[config.metric], y["valid"], predicted["valid"], **options)
    metrics["valid"][config.metric] = found
    known, beaten = manifest["suspects"], best[config.metric]
    suspects = known + too_good(config, found["value"], beaten, len(parts["valid"]), known)
    text = f"{config.model:<16}{metric_text(config.metric)} {interval_text(found)} on valid"
    text += caution(suspects)
    log("train", f"{text:<63} {time.perf_counter() - started:.1f} s")
    for message in warnings:
        log("", f"warning   {message}")
    print_suspects(suspects[len(known) :])
    n_scored = {name: len(rows) for name, rows in scored.items()}
    current.add(metrics=metrics, n_scored=n_scored, warnings=warnings, suspects=suspects)
    return model


def _fit_baselines(
    config: Config,
    manifest: dict[str, Any],
    parts: dict[str, pl.DataFrame],
    y_valid: Array,
    current: runs.Run,
) -> dict[str, float | None]:
    """Record the baselines and save the best one; returns its metrics on valid."""
    fitted, metrics = {}, {}
    for name in baselines_of(config):
        model, _ = fit(config, name, parts["train"], manifest["features"], manifest["classes"])
        predicted = model.predict(parts["valid"])
        fitted[name] = model
        metrics[name] = score(config.task, y_valid, predicted)
        value = number_text(metrics[name][config.metric])
        log("baseline", f"{name:<16}{metric_text(config.metric)} {value}")
    best = _best_of(config, metrics)
    store.save_baseline(current.folder, fitted[best])
    current.add(baselines=metrics, baseline={"name": best, "metrics": metrics[best]})
    return metrics[best]


def score_values(config: Config, y_true: Array, predicted: Predictions) -> Values:
    """Every metric of these rows as value, low, high, without intervals.

    Raises CheckFailed where the chosen metric is not defined on these rows.
    """
    values = score(config.task, y_true, predicted)
    if values[config.metric] is None:
        raise CheckFailed(
            f"{config.metric} is not defined on {len(y_true)} rows of one class; choose another "
            f"metric, or data.split so that each part holds every class"
        )
    return {name: {"value": value, "low": None, "high": None} for name, value in values.items()}


def bootstrap_options(config: Config) -> dict[str, Any]:
    """The keywords of `bootstrap` from conf/."""
    chosen = config.evaluation
    return {"n_resamples": chosen.n_resamples, "level": chosen.level, "seed": config.seed}


def _best_of(config: Config, scores: dict[str, dict[str, float | None]]) -> str:
    """The name with the best value of the chosen metric; the first of equal ones."""
    sign = 1 if METRICS[config.metric].greater_is_better else -1
    known = {name: values[config.metric] for name, values in scores.items()}
    ranked = {name: -math.inf if one is None else sign * one for name, one in known.items()}
    return max(ranked, key=lambda name: ranked[name])


def _description(
    config: Config, root: Path, current: runs.Run, manifest: dict[str, Any]
) -> dict[str, Any]:
    """What is saved beside the model for those who use it."""
    schema = read_schema(root)
    assert schema is not None  # `prepare` wrote it
    return {
        "model": config.model,
        "task": config.task,
        "target": config.data.target,
        "metric": config.metric,
        "schema": schema.select(manifest["features"]).model_dump(mode="json"),
        "data": current.record["data"],
        "config_sha256": current.record["config_sha256"],
        "run": current.record["run"],
    }


def _is_plain(value: Any) -> bool:
    """Whether JSON has it; some estimators have a parameter that is NaN."""
    is_finite = not isinstance(value, float) or math.isfinite(value)
    return value is None or (isinstance(value, bool | int | float | str) and is_finite)
