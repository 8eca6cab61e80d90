"""Put the load of conf/slo.yaml on the service, then twice that: `load-test`."""

import argparse
import http.client
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.request import urlopen

import numpy as np
import polars as pl
from pydantic import BaseModel, Field

from ..configs.load import load
from ..dataloader.sources import ROW
from ..registry.versions import BACKGROUND, resolve
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from .app import JSON, load_service

SLO, REPORT = "conf/slo.yaml", Path("reports", "load.json")
N_CLIENTS, START_S, WARM_S = 32, 60, 1.0
MARGIN = 1.05  # so much more than required is sent, so that the required rate can be reached
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
    """`--seconds`."""
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of the two loads")


def run(args: argparse.Namespace) -> None:
    """Write reports/load.json; raises CheckFailed with each objective that is missed."""
    goal = load(args.root, SLO, Slo).serving
    folder = resolve(args.root, load_service(args.root).model)
    rows = pl.read_parquet(folder / BACKGROUND).drop(ROW).to_dicts()
    bodies = [json.dumps(row, default=lambda moment: moment.isoformat()).encode() for row in rows]
    with _service(args.root) as (port, process):
        rate = goal.requests_per_second * MARGIN
        send_load(port, bodies, rate, WARM_S)
        found = send_load(port, bodies, rate, args.seconds)
        found["double"] = send_load(port, bodies, 2 * rate, args.seconds)
        found["memory_mb"] = _peak_mb(process.pid)
    write_json(args.root / REPORT, found | {"model_version": folder.name})
    for name, part in (("required", found), ("twice", found["double"])):
        shown = f"{part['requests_per_second']:.0f} requests/s, p95 {part['latency_p95_ms']:.1f} ms"
        log("load-test", f"{name:<10}{shown}, {part['error_rate']:.2%} errors")
    if missed := _missed(found, goal):
        raise CheckFailed("\n".join(missed))


def send_load(port: int, bodies: Sequence[bytes], rate: float, seconds: float) -> dict[str, Any]:
    """Send `rate` requests per second; returns latencies, rate and share of errors.

    A latency counts from the moment at which the request was due, so that a service that stalls
    cannot hide its queue.
    """
    total, turn = int(rate * seconds) + 1, itertools.count()
    start, latencies, n_errors = time.perf_counter() + 0.1, list[float](), list[int]()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while (number := next(turn)) < total:
            due = start + number / rate
            time.sleep(max(due - time.perf_counter(), 0))
            if not _is_predicted(connection, bodies[number % len(bodies)]):
                n_errors.append(1)
            latencies.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=client) for _ in range(min(N_CLIENTS, total))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reached = (total - len(n_errors)) / (time.perf_counter() - start)
    p50, p95, p99 = np.quantile(latencies, [0.5, 0.95, 0.99]).round(3).tolist()
    percentiles = {"latency_p50_ms": p50, "latency_p95_ms": p95, "latency_p99_ms": p99}
    return percentiles | {"requests_per_second": reached, "error_rate": len(n_errors) / total}


def _is_predicted(connection: http.client.HTTPConnection, body: bytes) -> bool:
    try:
        connection.request("POST", "/predict", body, {"Content-Type": JSON})
        response = connection.getresponse()
        return b'"source":"model"' in response.read() and response.status == 200
    except (OSError, http.client.HTTPException):
        connection.close()
        return False


@contextmanager
def _service(root: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """`serve` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", f"port={port}", "host=127.0.0.1", "key_env=null"]
    command = [sys.executable, "-m", __name__.partition(".")[0], *words]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, port)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"http://127.0.0.1:{port}/ready"):
                return
        except OSError:
            time.sleep(0.1)
    raise OSError("the service did not start; run `serve` to see why")


def _peak_mb(pid: int) -> float | None:
    """The most memory that a process has held; None where the system does not report it."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text("utf-8").splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


def _missed(found: dict[str, Any], goal: Objectives) -> list[str]:
    late = max(found["latency_p95_ms"], found["double"]["latency_p95_ms"])
    pairs = [
        ("latency_p95_ms", late),
        ("error_rate", found["error_rate"]),
        ("memory_mb", found["memory_mb"] or 0.0),
        ("requests_per_second", -found["requests_per_second"]),
    ]
    text = f"{SLO}: serving.{{}} is {{:g}}, measured {{:g}}"
    limits = [(name, getattr(goal, name), value) for name, value in pairs]
    return [
        text.format(name, limit, abs(value))
        for name, limit, value in limits
        if value > limit * (1 if value >= 0 else -1)
    ]
