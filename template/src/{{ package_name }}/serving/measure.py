"""Put the promised load on the service, then twice that, and hold it against conf/slo.yaml."""

from __future__ import annotations

import argparse
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..configs.slo import SLO, load_slo
from ..utils.errors import DoesNotHold
from ..utils.files import read_json, write_json
from ..utils.logs import say

if TYPE_CHECKING:
    from ..configs.slo import Serving

REPORT = Path("reports", "load.json")
ABOVE = 1.05  # so much more than promised is offered, so that the promise itself is reached


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--seconds`."""
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of the two loads")


def run(config: Config, args: argparse.Namespace) -> int:
    """Measure on this machine, write reports/load.json; raises DoesNotHold with what is missed."""
    from . import load
    from .loading import GOLDEN, Release

    limits = load_slo(args.root).serving
    if limits.requests_per_second is None:
        raise ValueError(f"{SLO}: serving.requests_per_second is missing; nothing to measure")
    release = Release.of(args.root)
    rows = read_json(release.folder / GOLDEN)["requests"]
    rate = limits.requests_per_second * ABOVE
    with load.started(args.root) as service:
        service.offer(rows, rate, 1.0)  # warm
        once, twice = (service.offer(rows, rate * factor, args.seconds) for factor in (1, 2))
        memory_mb = service.memory_mb()
    found = {
        **once,
        "double": twice,
        "memory_mb": memory_mb,
        "seconds": args.seconds,
        "model_version": release.version,
        "measured": datetime.now(UTC).isoformat(),
        "machine": platform.platform(),
    }
    write_json(args.root / REPORT, found)
    _tell(found)
    if missed := misses(found, limits):
        raise DoesNotHold("\n".join(missed))
    return 0


def misses(found: dict[str, Any], limits: Serving) -> list[str]:
    """A sentence for each limit that does not hold; what was not measured misses nothing."""
    double, late = found["double"]["latency_p95_ms"], limits.latency_p95_ms
    pairs = [
        ("latency_p95_ms", found["latency_p95_ms"], late),
        ("latency_p95_ms at twice the load", double, late),
        ("error_rate", found["error_rate"], limits.error_rate),
        ("memory_mb", found["memory_mb"], limits.memory_mb),
    ]
    said = [
        f"{SLO}: serving.{name} must be at most {limit:g}, measured {value:g}"
        for name, value, limit in pairs
        if value is not None and limit is not None and value > limit
    ]
    promised, reached = limits.requests_per_second, found["requests_per_second"]
    if promised is not None and reached < promised:
        said.append(
            f"{SLO}: serving.requests_per_second must be at least {promised:g}, "
            f"measured {reached:g}"
        )
    return said


def _tell(found: dict[str, Any]) -> None:
    for name, part in (("promised load", found), ("twice that", found["double"])):
        say(
            "measure",
            f"{name}: {part['requests_per_second']:.0f} requests a second, p95 "
            f"{part['latency_p95_ms']:.1f} ms, {part['error_rate']:.2%} not answered, "
            f"{part['fallback_rate']:.2%} by the fallback",
        )
    memory = f"{found['memory_mb']:.0f} MB" if found["memory_mb"] else "not known on this system"
    say("", f"memory  {memory}      record  {REPORT}")
