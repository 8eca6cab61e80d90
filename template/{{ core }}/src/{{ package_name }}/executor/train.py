"""Fit the baselines and the model on train, and score them on valid."""

import argparse
import time
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import TUNED, load_project
from ..configs.settings import Config
from ..dataloader import manifest as manifests
from ..evaluation.intervals import bootstrap
from ..evaluation.metrics import METRICS, score
from ..evaluation.text import interval_text, metric_text, number_text
from ..model import store
from ..model.baseline import BASELINES
from ..model.predictor import Predictor, encode_target, fit
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.logs import log
from ..utils.predictions import Predictions
from .look import caution, print_suspects, too_good
from .prepare import ensure

# Draws behind an interval on train and valid; test gets evaluation.n_resamples.
N_DRAWS = 200


def run(args: argparse.Namespace) -> None:
    """One run, recorded in logs/."""
    train(load_project(args.root, args.overrides), args.root)


def train(config: Config, root: Path, command: str = "train") -> dict[str, Any]:
    """The record of a new run; its folder holds the model. Raises what `prepare` raises."""
    with runs.recorded(root, command, config.model_dump(mode="json")) as current:
        manifest = ensure(config, root)
        current.add(trees=runs.trees(root))  # the first one writes conf/schema.yaml
        if (root / TUNED).is_file():
            log("", f"{TUNED} replaces values of conf/default.yaml")
        with runs.repeatable(config.seed):
            _fit_and_score(config, root, manifest, current)
    log("", f"record    {current.folder.relative_to(root).as_posix()}/{runs.RECORD}")
    return current.record


def _fit_and_score(config: Config, root: Path, manifest: dict[str, Any], current: runs.Run) -> None:
    current.add(data=manifests.hashes_of(manifest))
    parts = {name: manifests.read_part(root, name) for name in ("train", "valid")}
    features, classes = manifest["features"], manifest["classes"]
    baselines = _score_baselines(config, manifest, parts)
    best = best_of(config, baselines)
    current.add(baselines=baselines, baseline={"name": best, "metrics": baselines[best]})
    started = time.perf_counter()
    model, warnings = fit(config, config.model, parts["train"], features, classes)
    metrics = {name: score_part(config, model, rows) for name, rows in parts.items()}
    suspects = list(manifest.get("suspects", []))
    found = metrics["valid"][config.metric]
    beaten = baselines[best][config.metric]
    suspects += too_good(config, found["value"], beaten, len(parts["valid"]), suspects)
    text = f"{config.model:<16}{metric_text(config.metric)} "
    text += f"{interval_text(found)} on valid{caution(suspects)}"
    log("train", f"{text:<63} {time.perf_counter() - started:.1f} s")
    for message in warnings:
        log("", f"warning   {message}")
    print_suspects([one for one in suspects if one["fault"] == "too good"])
    current.add(metrics=metrics, warnings=warnings, suspects=suspects)
    facts = store.save(current.folder, model, _description(config, root, current.record, manifest))
    parameters = model.estimator.get_params() if hasattr(model.estimator, "get_params") else {}
    plain = {key: value for key, value in parameters.items() if _is_plain(value)}
    current.add(model={"name": config.model, **facts, "parameters": plain})


def _score_baselines(
    config: Config, manifest: dict[str, Any], parts: dict[str, pl.DataFrame]
) -> dict[str, dict[str, float | None]]:
    """Each baseline's metrics on valid."""
    found = {}
    target = parts["valid"][config.data.target]
    for name in BASELINES[config.task]:
        model, _ = fit(config, name, parts["train"], manifest["features"], manifest["classes"])
        predicted = model.predict(parts["valid"])
        y_true = encode_target(target, model.classes)
        found[name] = score(config.task, y_true, predicted.y_pred, predicted.y_score)
        value = number_text(found[name][config.metric])
        log("baseline", f"{name:<16}{metric_text(config.metric)} {value}")
    return found


def score_part(
    config: Config, model: Predictor, rows: pl.DataFrame
) -> dict[str, dict[str, float | None]]:
    """Every metric of these rows as value, low, high; the chosen one with its interval."""
    y_true = encode_target(rows[config.data.target], model.classes)
    predicted = model.predict(rows)
    found = score_values(config, y_true, predicted)
    options = {**bootstrap_options(config), "n_resamples": N_DRAWS}
    found[config.metric] = bootstrap(METRICS[config.metric], y_true, predicted, **options)
    return found


def score_values(
    config: Config, y_true: Any, predicted: Predictions
) -> dict[str, dict[str, float | None]]:
    """Every metric of these rows as value, low, high, without intervals.

    Raises CheckFailed where the chosen metric is not defined on these rows.
    """
    values = score(config.task, y_true, predicted.y_pred, predicted.y_score)
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


def best_of(config: Config, scores: dict[str, dict[str, float | None]]) -> str:
    """The name with the best value of the chosen metric; the first of equal ones."""
    sign = 1 if METRICS[config.metric].greater_is_better else -1
    known = {name: values[config.metric] for name, values in scores.items()}
    ranked = {name: sign * value for name, value in known.items() if value is not None}
    return max(ranked, key=lambda name: ranked[name]) if ranked else next(iter(scores))


def _description(
    config: Config, root: Path, record: dict[str, Any], manifest: dict[str, Any]
) -> dict[str, Any]:
    """What is saved beside the model for those who use it."""
    from ..dataloader.schema import read_schema

    schema = read_schema(root)
    assert schema is not None  # `prepare` wrote it
    return {
        "model": config.model,
        "task": config.task,
        "target": config.data.target,
        "metric": config.metric,
        "schema": schema.select(manifest["features"]).model_dump(mode="json"),
        "data": record["data"],
        "config_sha256": record["config_sha256"],
        "run": record["run"],
    }


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)
