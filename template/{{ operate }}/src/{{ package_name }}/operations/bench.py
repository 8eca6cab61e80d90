"""Compare a candidate's cost with the accepted version's, both at the same time: `bench`.

The accepted side is the champion with the code that it was trained with; the candidate is the
newest version with the code as it is now. Each round measures both, so that both meet the same
load of the machine. Source: Bulej et al. (2020), Duet Benchmarking: Improving Measurement Accuracy
in the Cloud, ICPE.
"""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..registry.versions import CHAMPION, resolve
from ..serving.load_test import send_load
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from ..utils.provenance import git_state
from .instance import CPU, MEMORY, Instance, copied, newest, run_command, serving
from .lead_time import releases
from .settings import PATH, Bench, load_operations

REPORT = Path("reports", "bench.json")
SIDES = ("accepted", "candidate")
N_DRAWS, LEVEL = 2000, 0.99
AT_ONCE = 1e5  # requests per second: more than there are clients to send them
Array = NDArray[np.float64]
# Of one side in a round.
UNITS = {"p50": "ms", "p95": "ms", "throughput": "requests/s", "cpu": "CPU ms a request"}
UNITS |= {"rss": "MB", "train": "CPU s"}
SMALLEST = ("throughput",)  # the more the better


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which versions, and the code of the accepted one."""
    parser.add_argument("--candidate", help="a version or alias (default: the newest version)")
    parser.add_argument("--accepted", default=CHAMPION, help="a version or alias")
    text = "commit or tag of the accepted side's code (default: that of its training)"
    parser.add_argument("--code", help=text)


def run(args: argparse.Namespace) -> None:
    """Write reports/bench.json; raises CheckFailed where a limit of conf/operations.yaml breaks."""
    settings = load_operations(args.root, args.overrides)
    folders, code = _sides(args)
    with ExitStack() as stack:
        roots = [stack.enter_context(copied(args.root, folders[0], code))]
        roots.append(stack.enter_context(copied(args.root, folders[1])))
        found = measure(roots, settings.bench)
    change = {name: interval(values) for name, values in found.items()}
    limits = settings.change.model_dump()
    broken = [name for name, one in change.items() if is_broken(name, one, limits[name])]
    sides = [{"version": folder.name, "code": code} for folder in folders]
    report = {
        "created": datetime.now(UTC).isoformat(),
        "trees": runs.trees(args.root),
        **dict(zip(SIDES, [sides[0], sides[1] | _code(args.root)], strict=True)),
        "change": {name: one["value"] for name, one in change.items()},
        "intervals": change,
        "limits": limits,
        "measured": {name: _per_side(values) for name, values in found.items()},
        "broken": broken,
    }
    write_json(args.root / REPORT, report)
    _print(report)
    if broken:
        text = f"{PATH}: change.{{}} is {{:g}}, measured {{:.3f}}"
        lines = [text.format(one, limits[one], change[one]["value"]) for one in broken]
        raise CheckFailed("\n".join(lines))


def _sides(args: argparse.Namespace) -> tuple[list[Path], str | None]:
    """The folders of the accepted version and of the candidate, and the accepted code."""
    names = (args.accepted, args.candidate or newest(args.root))
    folders = [resolve(args.root, name) for name in names]
    trained, released = read_json(folders[0] / runs.RECORD)["git"], releases(args.root)
    known = None if trained["dirty"] else trained["commit"]
    code = args.code or known or (released[-1].name if released else None)
    if code is None and folders[0] == folders[1] and args.candidate is None:
        raise ValueError(
            f"version {folders[0].name} is accepted and the newest, and its code is not in git; "
            f"register another version, or name the accepted code: --code COMMIT"
        )
    return folders, code


def _print(report: dict[str, Any]) -> None:
    for name, one in report["intervals"].items():
        both = "  ".join(f"{value:>8.4g}" for value in report["measured"][name].values())
        span = f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
        log("bench", f"{name:<11}{span}  {both}  {UNITS[name]}")
    log("", f"record    {REPORT.as_posix()}")


def measure(roots: Sequence[Path], settings: Bench) -> dict[str, Array]:
    """What is compared -> its value in each round, shape (n_rounds, 2): accepted, candidate."""
    with ExitStack() as stack:
        sides = [stack.enter_context(serving(root)) for root in roots]
        _round(sides, settings, 0)  # the first requests load and compile
        rounds = [_round(sides, settings, number) for number in range(settings.rounds)]
    found = {name: np.array([one[name] for one in rounds]) for name in rounds[0]}
    if not found["cpu"].all():  # only Linux reports CPU and memory of a process
        del found["cpu"], found["rss"]
    for root in roots if settings.trainings else ():
        run_command(root, "prepare")  # else the first training would do it
    trained = [_train(roots) for _ in range(settings.trainings)]
    return found | ({"train": np.array(trained)} if trained else {})


def interval(values: Array) -> dict[str, float]:
    """value, low and high: the median over rounds of candidate / accepted, and its bootstrap.

    values: shape (n_rounds, 2). A median, since other work of the machine spoils single rounds.
    """
    ratios = values[:, 1] / values[:, 0]
    rows = np.random.default_rng(0).integers(0, len(ratios), (N_DRAWS, len(ratios)))
    drawn = np.median(ratios[rows], axis=1)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"value": float(np.median(ratios)), "low": float(low), "high": float(high)}


def is_broken(name: str, found: dict[str, float], limit: float) -> bool:
    """Beyond the limit, and not by chance: the interval excludes 1."""
    if name in SMALLEST:
        return found["value"] < limit and found["high"] < 1
    return found["value"] > limit and found["low"] > 1


def _round(sides: Sequence[Instance], settings: Bench, number: int) -> dict[str, Any]:
    """The values of both sides; the candidate is first in every second round."""
    used = [side.metric(CPU) for side in sides]
    p50, p95 = np.quantile(_latencies(sides, settings.requests), [0.5, 0.95], axis=0)
    rates = np.empty(len(sides))
    for place in (0, 1) if number % 2 else (1, 0):
        sent = send_load(sides[place].requests(), AT_ONCE, settings.burst / AT_ONCE)
        rates[place] = sent["requests_per_second"]
    if not rates.all():
        raise ValueError("a burst of requests got no prediction; see the log of `serve`")
    spent = [side.metric(CPU) - before for side, before in zip(sides, used, strict=True)]
    cpu = [1000 * seconds / (settings.requests + settings.burst) for seconds in spent]
    memory = [side.metric(MEMORY) / 2**20 for side in sides]
    return {"p50": p50, "p95": p95, "throughput": rates, "cpu": cpu, "rss": memory}


def _latencies(sides: Sequence[Instance], n_requests: int) -> Array:
    """Milliseconds, shape (n_requests, 2): by turns, and each side first in every second turn."""
    values = np.empty((n_requests, len(sides)))
    with ExitStack() as stack:
        connections = [stack.enter_context(side.connect()) for side in sides]
        for number in range(n_requests):
            for place in (0, 1) if number % 2 else (1, 0):
                values[number, place] = sides[place].milliseconds(connections[place], number)
    return values


def _train(roots: Sequence[Path]) -> list[float]:
    """CPU seconds of a training of each side."""
    seconds = []
    for root in roots:
        run_command(root, "train")
        record = max(runs.every(root), key=lambda one: str(one.record["started"])).record
        seconds.append(float(record["cost"]["cpu_seconds"]))
    return seconds


def _per_side(values: Array) -> dict[str, float]:
    return dict(zip(SIDES, np.median(values, axis=0).tolist(), strict=True))


def _code(root: Path) -> dict[str, Any]:
    state = git_state(root, "src", "conf")
    return {"code": state["commit"], "changed": state["dirty"]}
