"""Compare a candidate's cost with the accepted version's, both at the same time: `bench`.

The accepted side is the champion with the code of its training, the candidate the newest version
with the code of now. Source: Bulej et al. (2020), Duet Benchmarking: Improving Measurement Accuracy
in the Cloud, ICPE.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from ..configs.load import load
from ..registry.versions import CHALLENGER, resolve
from ..serving.load_test import CPU, MEMORY, SLO, Slo, read_metric
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from .copies import Side, send, served, train
from .settings import PATH, Operations, Price

REPORT, COST = Path("reports", "bench.json"), Path("reports", "cost.json")
N_REQUESTS, N_BURST = 40, 100  # to each side in a round: at the rate of conf/slo.yaml, at once
Change = dict[str, float]  # value, low, high; accepted, candidate
SHOWN = "{value:.3f} [{low:.3f}, {high:.3f}]  {accepted:>8.4g}  {candidate:>8.4g}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The accepted code."""
    parser.add_argument("--code", help="commit or tag (default: that of the champion's training)")


def run(args: argparse.Namespace) -> None:
    """Write reports/bench.json, cost.json; raises CheckFailed beyond limits of `change`."""
    settings, slo = load(args.root, PATH, Operations, args.overrides), load(args.root, SLO, Slo)
    accepted, candidate = resolve(args.root), resolve(args.root, CHALLENGER)
    code = args.code or str(read_json(accepted / runs.RECORD)["git"]["commit"])
    with served(args.root, accepted, code) as old, served(args.root, candidate) as new:
        found = compare([old, new], settings, slo.serving.requests_per_second)
    for name, one in found.items():
        log("bench", f"{name:<11}{SHOWN.format(**one)}")
    broken = [
        f"{PATH}: change.{name} is {limit:g}, measured {found[name]['value']:.3f}"
        for name, limit in settings.change.items()
        if name in found and is_broken(name, found[name], limit)
    ]
    report = {
        "accepted": {"version": accepted.name, "code": code},
        "candidate": {"version": candidate.name},
        "change": {name: one["value"] for name, one in found.items()},
        "intervals": found,
        "broken": broken,
    }
    write_json(args.root / REPORT, report)
    if "cpu" in found:  # milliseconds a request are seconds of 1,000
        price = cost(settings.price, found["train"]["candidate"], found["cpu"]["candidate"])
        write_json(args.root / COST, {"model_version": candidate.name, **price})
        energy = f"{price['energy_wh']['per_1000']:.4f} Wh (estimate)"
        log("cost", f"{price['per_1000_predictions']:.4f}, {energy} for 1,000 predictions")
    if broken:
        raise CheckFailed("\n".join(broken))


def compare(sides: Sequence[Side], settings: Operations, rate: float) -> dict[str, Change]:
    """What is compared -> `interval`; without what the system does not report of a process."""
    _round(sides, rate)  # the first requests load and compile
    rounds = [_round(sides, rate) for _ in range(settings.rounds)]
    values = {name: [one[name] for one in rounds] for name in rounds[0]}
    values["train"] = [[train(root) for root, _ in sides] for _ in range(settings.trainings)]
    return {name: interval(np.array(one)) for name, one in values.items() if np.all(one)}


def _round(sides: Sequence[Side], rate: float) -> dict[str, Any]:
    """What is compared -> its value of each side; requests of both alternate in time."""
    every = [requests for _, requests in sides]
    used = np.array([read_metric(one, CPU) for one in every])
    calm = [send(one, N_REQUESTS, rate) for one in every]
    burst = [send(one, N_BURST, rate=1e5) for one in reversed(every)][::-1]
    used = np.array([read_metric(one, CPU) for one in every]) - used
    return {
        "p50": [one["latency_p50_ms"] for one in calm],
        "p95": [one["latency_p95_ms"] for one in calm],
        "throughput": [one["requests_per_second"] for one in burst],
        "cpu": 1000 * used / (N_REQUESTS + N_BURST),
        "rss": [read_metric(one, MEMORY) / 2**20 for one in every],
    }


def interval(values: NDArray[np.float64]) -> Change:
    """The median of candidate / accepted, its 99 % bootstrap interval, and the median of each.

    values: shape (n_rounds, 2). Medians, since other work of the machine spoils single rounds.
    """
    ratios = values[:, 1] / values[:, 0]
    options: Any = {"method": "percentile", "confidence_level": 0.99, "rng": 0}
    low, high = bootstrap([ratios], np.median, n_resamples=2000, **options).confidence_interval
    found = (np.median(ratios), low, high, *np.median(values, axis=0))
    return dict(zip(("value", "low", "high", "accepted", "candidate"), found, strict=True))


def is_broken(name: str, found: Change, limit: float) -> bool:
    """Beyond the limit, and not by chance: the interval excludes 1."""
    if name == "throughput":  # the more the better
        return found["value"] < limit and found["high"] < 1
    return found["value"] > limit and found["low"] > 1


def cost(price: Price, training: float, per_1000: float) -> dict[str, Any]:
    """Price and energy of a training and of 1,000 predictions, from the CPU seconds of each."""
    seconds = {"training": training, "per_1000": per_1000}
    hours = {name: one / 3600 for name, one in seconds.items()}
    energy = {name: one * price.watts * price.overhead for name, one in hours.items()}
    fixed = 1000 * price.per_month / price.predictions_per_month
    return {
        "training": hours["training"] * price.cpu_hour,
        "per_1000_predictions": hours["per_1000"] * price.cpu_hour + fixed,
        "cpu_seconds": seconds,
        "energy_wh": {"method": "estimate: CPU seconds x watts x overhead", **energy},
        "constants": price.model_dump(),
    }
