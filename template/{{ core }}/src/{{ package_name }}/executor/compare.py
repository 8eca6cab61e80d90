"""Train several models or seeds, and rank them on valid: `compare model=logistic,forest`."""

import argparse
import itertools
import logging
import statistics
from typing import Any

from ..configs.load import load_project
from ..evaluation.metrics import METRICS
from ..evaluation.text import interval_text, metric_text
from ..utils.files import write_json
from ..utils.logs import log, on_screen
from .prepare import ensure
from .train import train

FIXED = ("task=", "metric=", "data.")


def run(args: argparse.Namespace) -> None:
    """One run for each combination of comma-separated values; the test part stays closed.

    Writes reports/compare.json, or reports/seeds.json where only the seed varies: it says how far
    chance alone moves the result.
    """
    combinations = expand(args.overrides)
    # All are read before the first is run: a mistake in the last should not cost an hour.
    configs = [load_project(args.root, words) for words in combinations]
    metric = configs[0].metric
    ensure(configs[0], args.root)
    records = []
    for count, (words, config) in enumerate(zip(combinations, configs, strict=True), start=1):
        log("compare", f"run {count} of {len(configs)}  {' '.join(words)}")
        with on_screen(logging.WARNING):
            records.append({"words": " ".join(words), **train(config, args.root, "compare")})
    better = METRICS[metric].greater_is_better
    records.sort(key=lambda one: float(one["metrics"]["valid"][metric]["value"]), reverse=better)
    seeds_alone = all(word.startswith("seed=") for word in args.overrides if _varies(word))
    report = _seeds(records, metric) if seeds_alone else _ranking(records, metric)
    write_json(args.root / f"reports/{'seeds' if seeds_alone else 'compare'}.json", report)
    _print_ranking(records, metric)


def expand(words: list[str]) -> list[list[str]]:
    """The key=value words of each run: the product of all comma-separated values.

    A list in brackets is one value: `data.ignore=[a,b]`. Raises ValueError where nothing varies,
    or something that makes runs incomparable does.
    """
    varied = [word for word in words if _varies(word)]
    if not varied:
        raise ValueError("command line: compare needs a key with several values: seed=0,1,2")
    if fixed := [word for word in varied if word.startswith(FIXED)]:
        raise ValueError(
            f"command line: '{fixed[0]}': runs are compared on the same rows by the same metric; "
            f"give this key one value"
        )
    choices = []
    for word in words:
        key, _, text = word.partition("=")
        choices.append([f"{key}={value}" for value in text.split(",")] if _varies(word) else [word])
    return [list(combination) for combination in itertools.product(*choices)]


def _varies(word: str) -> bool:
    return "," in word and "[" not in word


def _ranking(records: list[dict[str, Any]], metric: str) -> dict[str, Any]:
    runs = [
        {"run": one["run"], "model": one["model"]["name"], "seed": one["seed"]}
        | {"parameters": one["model"]["parameters"], "valid": one["metrics"]["valid"][metric]}
        for one in records
    ]
    return {"metric": metric, "runs": runs}


def _seeds(records: list[dict[str, Any]], metric: str) -> dict[str, Any]:
    values = [one["metrics"]["valid"][metric]["value"] for one in records]
    spread = {"mean": statistics.fmean(values), "std": statistics.stdev(values)}
    return {"metric": metric, "n_seeds": len(values), **spread}


def _print_ranking(records: list[dict[str, Any]], metric: str) -> None:
    log("compare", f"{metric_text(metric)} on valid, best first")
    width = max(len(one["words"]) for one in records)
    for one in records:
        value = interval_text(one["metrics"]["valid"][metric])
        log("", f"{one['words']:<{width}}  {value}  {one['run']}")
    log("", f"next      evaluate --run {records[0]['run']}")
