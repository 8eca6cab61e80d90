"""Compare a candidate's cost with the accepted version's, both at the same time: `bench`.

The accepted side is the champion with the code that it was trained with; the candidate is the
newest version with the code as it is now. Each round measures both, so that both meet the same
load of the machine. Source: Bulej et al. (2020), Duet Benchmarking: Improving Measurement Accuracy
in the Cloud, ICPE.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..registry.versions import CHAMPION, resolve
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from .instance import CPU, MEMORY, Instance, copied, newest, run_project, serving
from .settings import PATH, load_both

REPORT = Path("reports", "bench.json")
N_REQUESTS, N_BURST = 40, 100  # to each side in a round: at the rate of conf/slo.yaml, at once
AT_ONCE = 1e5  # requests per second: more than there are clients to send them
Array = NDArray[np.float64]
# Of one side in a round.
UNITS = {"p50": "ms", "p95": "ms", "throughput": "requests/s", "cpu": "CPU ms a request"}
UNITS |= {"rss": "MB", "train": "CPU s"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The accepted side."""
    parser.add_argument("--accepted", default=CHAMPION, help="a version or alias")
    parser.add_argument("--code", help="commit or tag (default: that of its training)")


def run(args: argparse.Namespace) -> None:
    """Write reports/bench.json; raises CheckFailed where a limit of conf/operations.yaml breaks."""
    settings, slo = load_both(args.root, args.overrides)
    rate = slo.serving.requests_per_second
    accepted, candidate = resolve(args.root, args.accepted), newest(args.root)
    code = args.code or _code_of(accepted)
    with copied(args.root, accepted, code) as old, copied(args.root, candidate) as new:
        with serving(old) as before, serving(new) as after:
            _round([before, after], rate)  # the first requests load and compile
            rounds = [_round([before, after], rate) for _ in range(settings.bench.rounds)]
        trainings = [[_train(old), _train(new)] for _ in range(settings.bench.trainings)]
    found = {name: np.array([one[name] for one in rounds]) for name in rounds[0]}
    found["train"] = np.array(trainings)
    # Only Linux reports CPU and memory of a process.
    change = {name: interval(values) for name, values in found.items() if values.all()}
    limits = settings.change.model_dump()
    broken = [name for name, one in change.items() if is_broken(name, one, limits[name])]
    report = {
        "created": datetime.now(UTC).isoformat(),
        "accepted": {"version": accepted.name, "code": code},
        "candidate": {"version": candidate.name},
        "change": {name: one["value"] for name, one in change.items()},
        "intervals": change,
        "broken": broken,
    }
    write_json(args.root / REPORT, report)
    for name, one in change.items():
        span = f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
        both = f"{one['accepted']:>8.4g}  {one['candidate']:>8.4g}"
        log("bench", f"{name:<11}{span}  {both}  {UNITS[name]}")
    log("", f"record    {REPORT.as_posix()}")
    if broken:
        text = f"{PATH}: change.{{}} is {{:g}}, measured {{:.3f}}"
        lines = [text.format(one, limits[one], change[one]["value"]) for one in broken]
        raise CheckFailed("\n".join(lines))


def _code_of(version: Path) -> str:
    """The commit that a version was trained with."""
    git = read_json(version / runs.RECORD)["git"]
    if git["dirty"] or git["commit"] is None:
        text = "was trained with code that is not in git; name the accepted code: --code COMMIT"
        raise ValueError(f"version {version.name} {text}")
    return str(git["commit"])


def _round(sides: Sequence[Instance], rate: float) -> dict[str, Any]:
    """What is compared -> its value of each side; requests of both alternate in time."""
    used = np.array([side.metric(CPU) for side in sides])
    calm = [side.load(N_REQUESTS, rate) for side in sides]
    burst = [side.load(N_BURST, AT_ONCE) for side in reversed(sides)][::-1]
    used = np.array([side.metric(CPU) for side in sides]) - used
    return {
        "p50": [one["latency_p50_ms"] for one in calm],
        "p95": [one["latency_p95_ms"] for one in calm],
        "throughput": [one["requests_per_second"] for one in burst],
        "cpu": 1000 * used / (N_REQUESTS + N_BURST),
        "rss": [side.metric(MEMORY) / 2**20 for side in sides],
    }


def _train(root: Path) -> float:
    """CPU seconds of a training in a copy, with the data already split."""
    run_project(root, "prepare")
    run_project(root, "train")
    return float(runs.find(root).record["cost"]["cpu_seconds"])


def interval(values: Array) -> dict[str, float]:
    """value, low, high: the median over rounds of candidate / accepted, and its 99 % bootstrap.

    values: shape (n_rounds, 2): accepted, candidate; the median of each is returned too. A median,
    since other work of the machine spoils single rounds.
    """
    ratios = values[:, 1] / values[:, 0]
    drawn = np.random.default_rng(0).choice(ratios, (2000, len(ratios)))
    span = np.quantile(np.median(drawn, axis=1), [0.005, 0.995])
    found = [np.median(ratios), *span, *np.median(values, axis=0)]
    names = ("value", "low", "high", "accepted", "candidate")
    return dict(zip(names, map(float, found), strict=True))


def is_broken(name: str, found: dict[str, float], limit: float) -> bool:
    """Beyond the limit, and not by chance: the interval excludes 1."""
    if name == "throughput":  # the more the better
        return found["value"] < limit and found["high"] < 1
    return found["value"] > limit and found["low"] > 1
