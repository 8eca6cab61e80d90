"""Compare models, settings or seeds by cross-validation on train and valid: `compare`."""

import argparse
import itertools
import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.folds import Folds, folds_of
from ..dataloader.manifest import hashes_of, read_part
from ..evaluation.intervals import Interval, interval_over_folds
from ..evaluation.metrics import METRICS, evaluate_metric
from ..evaluation.report import render, write_script
from ..evaluation.text import interval_text, metric_text
from ..model.baseline import baselines_of
from ..model.estimators import ESTIMATORS
from ..model.predictor import encode_target, fit
from ..utils import runs
from ..utils.engines import Spread, engine
from ..utils.files import write_json, write_text
from ..utils.logs import log
from ..utils.predictions import Array, Predictions
from ..utils.suspects import untrue
from .prepare import check_config, ensure

REPORT, SEEDS = "reports/compare.json", "reports/seeds.json"
TEMPLATE, PAGE = "evaluation/compare.html", "reports/compare.html"
FIXED = ("task=", "metric=", "data.")
Entry = dict[str, Any]
Fit = tuple[Config, str, tuple[Array, Array]]  # model or baseline, rows to fit on and to score


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--folds` and `--repeats`."""
    parser.add_argument("--folds", type=int, default=5, help="default: 5")
    text = "how often the folds are cut anew; folds in the order of time are cut once (default: 2)"
    parser.add_argument("--repeats", type=int, default=2, help=text)


def run(args: argparse.Namespace) -> None:
    """Score each combination of comma-separated values, or each estimator; test stays closed.

    Writes reports/compare.json and a page, or reports/seeds.json where only the seed varies: it
    says how far chance alone moves the result.
    """
    if args.folds < 2 or args.repeats < 1:
        raise ValueError("command line: --folds must be at least 2, --repeats at least 1")
    place = [word for word in args.overrides if word.startswith("engine=")]
    combinations = expand(args.root, [word for word in args.overrides if word not in place])
    # All are read before the first is run: a mistake in the last should not cost an hour.
    configs = [load_project(args.root, words) for words in combinations]
    for config in configs:
        check_config(config)
    first, manifest = configs[0], ensure(configs[0], args.root)
    rows = pl.concat([read_part(args.root, part) for part in ("train", "valid")])
    folds = folds_of(first, rows, args.folds, args.repeats)
    candidates = [(config, config.model, folds) for config in configs]
    varied = {word.partition("=")[0] for word in args.overrides if _varies(word)}
    if varied != {"seed"}:
        candidates += [(first, name, folds) for name in baselines_of(first)]
    with engine(load_project(args.root, place).engine, args.root) as spread:
        scored = score_folds(candidates, manifest, rows, spread)
    found, baselines = scored[: len(configs)], scored[len(configs) :]
    if varied == {"seed"}:
        return _write_seeds(args.root, first.metric, [entry["value"]["value"] for entry in found])
    for entry, words, config in zip(found, combinations, configs, strict=True):
        entry |= {"overrides": words, "seed": config.seed}
    report = rank(first, found, baselines, fold_ratio(folds))
    report |= {"n_folds": args.folds, "n_repeats": len(folds) // args.folds}
    if leaks := untrue(manifest["suspects"]):
        report["advice"] = f"no advice on models before this is settled: {leaks}"
    write(args.root, report | {"data": hashes_of(manifest)})


def expand(root: Path, words: list[str]) -> list[list[str]]:
    """The key=value words of each candidate: the product of all comma-separated values.

    Where nothing varies and no model is named, each estimator of the task is a candidate. A list in
    brackets is one value: `data.ignore=[a,b]`. Raises ValueError where something varies that makes
    candidates incomparable.
    """
    if not any(_varies(word) or word.startswith("model=") for word in words):
        task = load_project(root, words).task
        names = [name for name, one in ESTIMATORS.items() if task in one.tasks]
        words = [f"model={','.join(names)}", *words]
    if fixed := [word for word in words if _varies(word) and word.startswith(FIXED)]:
        raise ValueError(
            f"command line: '{fixed[0]}': candidates are compared on the same rows by the same "
            f"metric; give this key one value"
        )
    choices = []
    for word in words:
        key, _, text = word.partition("=")
        choices.append([f"{key}={value}" for value in text.split(",")] if _varies(word) else [word])
    return [list(combination) for combination in itertools.product(*choices)]


def predict_fold(manifest: Entry, rows: pl.DataFrame, one: Fit) -> tuple[Array, Predictions]:
    """y_true of the rows that are scored, and what a model fitted on the others predicts."""
    (config, name, (fitted, scored)), classes = one, manifest["classes"]
    with runs.repeatable(config.seed):
        model, _ = fit(config, name, rows[fitted], manifest["features"], classes)
        unseen = rows[scored]
        return encode_target(unseen[config.data.target], classes), model.predict(unseen)


def score_fold(manifest: Entry, rows: pl.DataFrame, one: Fit) -> tuple[float, float]:
    """The metric on the rows that are scored, and seconds."""
    metric, started = METRICS[one[0].metric], time.perf_counter()
    y_true, predicted = predict_fold(manifest, rows, one)
    value = evaluate_metric(metric, y_true, predicted)
    return value, time.perf_counter() - started


def score_folds(
    candidates: Sequence[tuple[Config, str, Folds]],
    manifest: dict[str, Any],
    rows: pl.DataFrame,
    spread: Spread = map,
) -> list[Entry]:
    """name, the metric on each fold, its mean with an interval, and seconds of one fit.

    Of each candidate: its configuration, the name of a model or baseline, and its folds.
    """
    fits = ((config, name, fold) for config, name, folds in candidates for fold in folds)
    scored, found = spread(partial(score_fold, manifest, rows), fits), []
    for config, name, folds in candidates:
        scores, seconds = zip(*itertools.islice(scored, len(folds)), strict=True)
        value = interval_over_folds(list(scores), fold_ratio(folds), config.evaluation.level)
        entry = {"model": name, "value": value, "scores": list(scores)}
        found.append(entry | {"seconds": round(statistics.fmean(seconds), 3)})
    return found


def rank(config: Config, found: list[Entry], baselines: list[Entry], ratio: float) -> Entry:
    """The content of reports/compare.json: best first, each with its distance to the best."""
    sign = 1 if METRICS[config.metric].greater_is_better else -1
    # A mean that is not defined comes last: NaN is no order.
    found = sorted(found, key=lambda one: np.nan_to_num(-sign * np.mean(one["scores"]), nan=np.inf))
    for entry in [*found, *baselines]:
        behind = sign * (np.array(found[0]["scores"]) - entry["scores"])
        entry["behind"] = interval_over_folds(behind, ratio, config.evaluation.level)
    report = {"metric": config.metric, "level": config.evaluation.level, "runs": found}
    return report | {"baselines": baselines, "advice": _advice(found, baselines)}


def _advice(found: list[Entry], baselines: list[Entry]) -> str:
    best, *others = found
    name = " ".join(best["overrides"])
    for entry in baselines:
        if not _above_chance(entry["behind"]):
            return f"no candidate is clearly better than the baseline ({entry['model']})"
    close = [" ".join(one["overrides"]) for one in others if not _above_chance(one["behind"])]
    if close:
        return f"{name} is best, but chance may decide between it and {'; '.join(close)}"
    return f"{name} is better than each other by more than chance" if others else f"only {name}"


def _above_chance(behind: Interval) -> bool:
    return behind["low"] is not None and behind["low"] > 0


def write(root: Path, report: Entry) -> None:
    """Write JSON and page, and print the table with the advice below."""
    write_json(root / REPORT, report)
    write_script(root)
    write_text(root / PAGE, render(TEMPLATE, report=report))
    cuts = f"{report['n_folds']} folds x {report['n_repeats']}"
    log("compare", f"{metric_text(report['metric'])} on {cuts}; seconds of a fit; best first")
    for entry in [*report["runs"], *report["baselines"]]:
        words = " ".join(entry.get("overrides", [f"baseline: {entry['model']}"]))
        log("", f"{interval_text(entry['value']):<26}{entry['seconds']:>7.2f} s  {words}")
    log("", report["advice"])
    log("", f"record    {REPORT}      page  {PAGE}")
    log("", f"next      train {' '.join(report['runs'][0]['overrides'])}")


def _write_seeds(root: Path, metric: str, values: list[float]) -> None:
    spread = {"mean": statistics.fmean(values), "std": statistics.stdev(values)}
    write_json(root / SEEDS, {"metric": metric, "n_seeds": len(values), **spread})
    text = f"{metric_text(metric)} of {len(values)} seeds: mean {spread['mean']:.4g}"
    log("compare", f"{text}, standard deviation {spread['std']:.2g}; record {SEEDS}")


def fold_ratio(folds: Folds) -> float:
    """Rows to score for each row to fit on."""
    return sum(len(scored) / len(fitted) for fitted, scored in folds) / len(folds)


def _varies(word: str) -> bool:
    return "," in word and "[" not in word
