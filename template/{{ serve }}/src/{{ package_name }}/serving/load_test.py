"""Put the load of conf/slo.yaml on a running service, then twice that: `load-test`."""

import argparse
import json
import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any
from urllib.request import Request, urlopen

import numpy as np
import polars as pl
from pydantic import BaseModel, Field

from ..configs.load import load
from ..dataloader.sources import ROW
from ..registry.versions import BACKGROUND, resolve
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from .app import JSON
from .serve import read_keys
from .settings import Service, load_service

SLO, REPORT = "conf/slo.yaml", Path("reports", "load.json")
N_CLIENTS, TIMEOUT_S, WARM_S = 32, 30, 1.0
MARGIN = 1.05  # so much more than required is sent, so that the required rate can be reached
CPU, MEMORY = "process_cpu_seconds_total", "process_resident_memory_bytes"
Positive = Annotated[float, Field(gt=0)]


class Objectives(BaseModel):
    """What `load-test` compares with, of `serving` in conf/slo.yaml."""

    latency_p95_ms: Positive
    requests_per_second: Positive
    error_rate: Annotated[float, Field(ge=0, le=0.5)]
    memory_mb: Positive


class Slo(BaseModel):
    """The part of conf/slo.yaml that concerns the service."""

    serving: Objectives


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--url` and `--seconds`."""
    parser.add_argument("--url", help="of the service (default: host and port of its conf)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of the two loads")


def run(args: argparse.Namespace) -> None:
    """Write reports/load.json; raises CheckFailed with each objective that is missed."""
    goal, service = load(args.root, SLO, Slo).serving, load_service(args.root, args.overrides)
    url = args.url or f"http://{service.host}:{service.port}"
    name = json.loads(_get(f"{url}/version"))["model_version"]
    requests = requests_of(args.root, url, name, service)
    rate = goal.requests_per_second * MARGIN
    send_load(requests, rate, WARM_S)
    found = send_load(requests, rate, args.seconds)
    found["double"] = send_load(requests, 2 * rate, args.seconds)
    found["memory_mb"] = read_metric(requests, MEMORY) / 2**20
    write_json(args.root / REPORT, found | {"model_version": name})
    for title, part in (("required", found), ("twice", found["double"])):
        shown = f"{part['requests_per_second']:.0f} requests/s, p95 {part['latency_p95_ms']:.1f} ms"
        log("load-test", f"{title:<10}{shown}, {part['error_rate']:.2%} errors")
    if missed := _missed(found, goal.model_dump()):
        raise CheckFailed("\n".join(missed))


def requests_of(root: Path, url: str, name: str, service: Service) -> list[Request]:
    """A request to /predict for each row that a version has kept of its training."""
    rows = pl.read_parquet(resolve(root, name) / BACKGROUND).drop(ROW)
    keys = [*read_keys(service), os.environ.get("API_KEY", "")]  # for keys kept as hashes alone
    headers = {"Content-Type": JSON, "X-API-Key": keys[0]}
    bodies = rows.write_ndjson().encode().splitlines()
    return [Request(f"{url}/predict", body, headers) for body in bodies]


def read_metric(requests: Sequence[Request], name: str) -> float:
    """A metric of the service that takes these requests; 0 where it has none: not on Linux."""
    url = requests[0].full_url.replace("/predict", "/metrics")
    found = re.search(rf"(?m)^service_{name} (\S+)", _get(url, **requests[0].headers).decode())
    return float(found[1]) if found else 0.0


def send_load(requests: Sequence[Request], rate: float, seconds: float) -> dict[str, Any]:
    """Send `rate` requests per second; returns latencies, rate and share of errors.

    A latency counts from the moment at which the request was due, so that a service that stalls
    cannot hide its queue.
    """
    total = int(rate * seconds) + 1
    start = time.perf_counter() + 0.1

    def send(number: int) -> tuple[float, bool]:
        due = start + number / rate
        time.sleep(max(due - time.perf_counter(), 0))
        is_predicted = _is_predicted(requests[number % len(requests)])
        return (time.perf_counter() - due) * 1000, is_predicted

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        latencies, predicted = zip(*pool.map(send, range(total)), strict=True)
    reached = sum(predicted) / (time.perf_counter() - start)
    p50, p95, p99 = np.quantile(latencies, [0.5, 0.95, 0.99]).round(3).tolist()
    percentiles = {"latency_p50_ms": p50, "latency_p95_ms": p95, "latency_p99_ms": p99}
    error_rate = 1 - sum(predicted) / total
    return percentiles | {"requests_per_second": reached, "error_rate": error_rate}


def _is_predicted(request: Request) -> bool:
    try:
        with urlopen(request, timeout=TIMEOUT_S) as response:
            return b'"source":"model"' in response.read()
    except OSError:  # also a status of 400 or more
        return False


def _get(url: str, **headers: str) -> bytes:
    try:
        with urlopen(Request(url, headers=headers), timeout=TIMEOUT_S) as response:
            return bytes(response.read())
    except OSError as error:
        raise ValueError(f"{url}: {error}; start the service with `serve`") from error


def _missed(found: dict[str, Any], limits: dict[str, float]) -> list[str]:
    """One line an objective; the latency must also hold at twice the load."""
    rate = "requests_per_second"
    latest = max(found["latency_p95_ms"], found["double"]["latency_p95_ms"])
    measured = found | {"latency_p95_ms": latest}
    names = [name for name in limits if name != rate and measured[name] > limits[name]]
    names += [rate] if measured[rate] < limits[rate] else []
    text = f"{SLO}: serving.{{}} is {{:g}}, measured {{:g}}"
    return [text.format(name, limits[name], measured[name]) for name in names]
