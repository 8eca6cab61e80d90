"""Train once for each combination of comma-separated values, and rank the runs on valid."""

import argparse
import itertools
import statistics
from pathlib import Path
from typing import Any

from ..configs.project import load_project
from ..configs.schema import Config
from ..utils import logs
from ..utils.files import write_json
from ..utils.logs import say

# main leaves key=value to this module: here a value may be a list.
READS_OVERRIDES = True
FIXED = ("task=", "metric=", "data.")
SWEEP, SEEDS = Path("reports", "sweep.json"), Path("reports", "seeds.json")


def run(config: Config, args: argparse.Namespace) -> int:
    """`sweep model=logistic,forest seed=0,1` makes four runs. The held-out part stays shut.

    Where runs differ, reports/sweep.json compares them. Where only the seed does, nothing is
    compared: reports/seeds.json says how far chance alone moves the result.
    """
    from .prepare import ensure
    from .train import train

    combinations = expand(args.overrides)
    # All are read before the first is run: a mistake in the last should not cost an hour.
    configs = [load_project(args.root, words) for words in combinations]
    ensure(configs[0], args.root)
    records = []
    for count, (words, chosen) in enumerate(zip(combinations, configs, strict=True), start=1):
        say("sweep", f"run {count} of {len(configs)}  {' '.join(words)}")
        with logs.off_screen():
            records.append((words, train(chosen, args.root, command="sweep")))
    _rank(records)
    metric = configs[0].metric
    if _varied(args.overrides) == {"seed"}:
        write_json(args.root / SEEDS, _spread(metric, [record for _, record in records]))
    else:
        write_json(args.root / SWEEP, _table(metric, [record for _, record in records]))
    return 0


def _varied(words: list[str]) -> set[str]:
    return {key for key, text in map(_pair, words) if len(_values(text)) > 1}


def _table(metric: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """What reports/sweep.json holds, best first."""
    runs = [
        {
            "run": record["run"],
            "model": record["model"]["name"],
            "parameters": record["model"]["parameters"],
            "seed": record["seed"],
            "valid": record["metrics"]["valid"][metric],
        }
        for record in records
    ]
    return {"metric": metric, "runs": runs}


def _spread(metric: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """What reports/seeds.json holds: the metric on valid over the seeds."""
    by_seed = {r["seed"]: r["metrics"]["valid"][metric]["value"] for r in records}
    values = list(by_seed.values())
    return {
        "metric": metric,
        "n_seeds": len(values),
        "mean": statistics.fmean(values),
        "std": statistics.stdev(values) if len(values) > 1 else 0.0,
    }


def expand(words: list[str]) -> list[list[str]]:
    """The key=value words of each run: the product of all comma-separated values.

    A list in brackets is one value: `data.ignore=[a,b]`.
    """
    choices = [[f"{key}={value}" for value in _values(text)] for key, text in map(_pair, words)]
    varied = [word for word, values in zip(words, choices, strict=True) if len(values) > 1]
    if not varied:
        raise ValueError("command line: sweep needs a key with several values: seed=0,1,2")
    if fixed := [word for word in varied if word.startswith(FIXED)]:
        raise ValueError(
            f"command line: '{fixed[0]}': runs are compared on the same rows by the same metric; "
            f"give this key one value"
        )
    return [list(combination) for combination in itertools.product(*choices)]


def _pair(word: str) -> tuple[str, str]:
    key, equals, text = word.partition("=")
    if not equals:
        raise ValueError(f"command line: '{word}' is not key=value")
    return key, text


def _values(text: str) -> list[str]:
    """The parts between commas that stand outside of brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _rank(records: list[tuple[list[str], dict[str, Any]]]) -> None:
    from ..evaluation.metrics import find
    from . import scoring

    metric = records[0][1]["config"]["metric"]
    sign = -1 if find(records[0][1]["config"]["task"], metric).higher_is_better else 1
    records.sort(key=lambda pair: sign * pair[1]["metrics"]["valid"][metric]["value"])
    width = max(len(" ".join(words)) for words, _ in records)
    say("sweep", f"{scoring.in_words(metric)} on valid, best first")
    for words, record in records:
        value = scoring.interval(record["metrics"]["valid"][metric])
        say("", f"{' '.join(words):<{width}}  {value}  {record['run']}")
    say("", f"next      evaluate --run {records[0][1]['run']}")
