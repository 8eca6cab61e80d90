"""Train several models or seeds, and rank them on valid: `compare model=logistic,forest`."""

import argparse
import itertools
import logging
import statistics

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
    found = []
    for count, (words, config) in enumerate(zip(combinations, configs, strict=True), start=1):
        log("compare", f"run {count} of {len(configs)}  {' '.join(words)}")
        with on_screen(logging.WARNING):
            record = train(config, args.root, "compare")
        one = {"run": record["run"], "overrides": words, "seed": record["seed"]}
        model = {"model": config.model, "parameters": record["model"]["parameters"]}
        found.append(one | model | {"valid": record["metrics"]["valid"][metric]})
    found.sort(key=lambda one: one["valid"]["value"], reverse=METRICS[metric].greater_is_better)
    if all(word.startswith("seed=") for word in args.overrides if _varies(word)):
        values = [one["valid"]["value"] for one in found]
        spread = {"mean": statistics.fmean(values), "std": statistics.stdev(values)}
        content = {"metric": metric, "n_seeds": len(values), **spread}
        write_json(args.root / "reports/seeds.json", content)
    else:
        write_json(args.root / "reports/compare.json", {"metric": metric, "runs": found})
    log("compare", f"{metric_text(metric)} on valid, best first")
    for one in found:
        log("", f"{interval_text(one['valid'])}  {' '.join(one['overrides'])}  {one['run']}")
    log("", f"next      evaluate --run {found[0]['run']}")


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
