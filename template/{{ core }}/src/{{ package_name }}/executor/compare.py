"""Train several models or seeds, and rank them on valid: `compare model=logistic,forest`."""

import argparse
import itertools
import logging
import statistics
from typing import Any

from ..configs.load import load_project
from ..utils import logs
from ..utils.files import write_json
from ..utils.logs import log
from .prepare import ensure
from .text import interval_text, metric_text
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
    ensure(configs[0], args.root)
    results = []
    for count, (words, config) in enumerate(zip(combinations, configs, strict=True), start=1):
        log("compare", f"run {count} of {len(configs)}  {' '.join(words)}")
        with logs.on_screen(logging.WARNING):
            results.append((" ".join(words), train(config, args.root, command="compare")))
    varied = {word.partition("=")[0] for word in args.overrides if len(_values(word)) > 1}
    report = _seed_report if varied == {"seed"} else _ranking
    name = "seeds" if varied == {"seed"} else "compare"
    ranked = _ranked(results, configs[0].metric)
    write_json(args.root / "reports" / f"{name}.json", report(ranked, configs[0].metric))
    log("compare", f"{metric_text(configs[0].metric)} on valid, best first")
    width = max(len(shown) for shown, _ in ranked)
    for shown, record in ranked:
        value = interval_text(record["metrics"]["valid"][configs[0].metric])
        log("", f"{shown:<{width}}  {value}  {record['run']}")
    log("", f"next      evaluate --run {ranked[0][1]['run']}")


def expand(words: list[str]) -> list[list[str]]:
    """The key=value words of each run: the product of all comma-separated values.

    A list in brackets is one value: `data.ignore=[a,b]`. Raises ValueError where nothing varies,
    or something that makes runs incomparable does.
    """
    varied = [word for word in words if len(_values(word)) > 1]
    if not varied:
        raise ValueError("command line: compare needs a key with several values: seed=0,1,2")
    if fixed := [word for word in varied if word.startswith(FIXED)]:
        raise ValueError(
            f"command line: '{fixed[0]}': runs are compared on the same rows by the same metric; "
            f"give this key one value"
        )
    choices = [[f"{word.partition('=')[0]}={v}" for v in _values(word)] for word in words]
    return [list(combination) for combination in itertools.product(*choices)]


def _values(word: str) -> list[str]:
    """The values of key=a,b; a list in brackets is one value."""
    text = word.partition("=")[2]
    return [text] if "[" in text else text.split(",")


def _ranked(results: list[tuple[str, Any]], metric: str) -> list[tuple[str, Any]]:
    from ..evaluation.metrics import METRICS

    def value(result: tuple[str, Any]) -> float:
        return float(result[1]["metrics"]["valid"][metric]["value"])

    return sorted(results, key=value, reverse=METRICS[metric].greater_is_better)


def _ranking(ranked: list[tuple[str, Any]], metric: str) -> dict[str, Any]:
    runs = [
        {
            "run": record["run"],
            "model": record["model"]["name"],
            "parameters": record["model"]["parameters"],
            "seed": record["seed"],
            "valid": record["metrics"]["valid"][metric],
        }
        for _, record in ranked
    ]
    return {"metric": metric, "runs": runs}


def _seed_report(ranked: list[tuple[str, Any]], metric: str) -> dict[str, Any]:
    values = [record["metrics"]["valid"][metric]["value"] for _, record in ranked]
    spread = {"mean": statistics.fmean(values), "std": statistics.stdev(values)}
    return {"metric": metric, "n_seeds": len(values), **spread}
