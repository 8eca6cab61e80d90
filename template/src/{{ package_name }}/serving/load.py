"""A service of its own on this machine, and requests at a steady rate, late or not."""

from __future__ import annotations

import http.client
import itertools
import json
import math
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

CALLERS = 32
START_S = 60.0
FAILURES = (OSError, http.client.HTTPException, ValueError)


class Answer(NamedTuple):
    """One answer: seconds from when it was due, and who gave it; "" where none came."""

    seconds: float
    source: str


class Service(NamedTuple):
    """A service that runs, and its port."""

    process: subprocess.Popen[bytes]
    port: int

    def offer(self, rows: list[dict[str, Any]], rate: float, seconds: float) -> dict[str, float]:
        """Send `rate` requests a second, whether the ones before were answered or not.

        Time counts from when a request was due, so a service that stalls cannot hide the queue
        before its door.
        """
        bodies = [json.dumps(row).encode() for row in rows]
        total = max(math.ceil(rate * seconds), 1)
        turn, start = itertools.count(), time.perf_counter() + 0.1
        answers: list[Answer] = []

        def call() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            while (number := next(turn)) < total:
                due = start + number / rate
                time.sleep(max(due - time.perf_counter(), 0))
                source = ask(connection, bodies[number % len(bodies)])
                answers.append(Answer(time.perf_counter() - due, source))
            connection.close()

        callers = [threading.Thread(target=call) for _ in range(min(CALLERS, total))]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        return summary(answers, time.perf_counter() - start)

    def memory_mb(self) -> float | None:
        """The most memory that the process has held; None where the system does not say."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.is_file():
            return None
        peak = next(
            line for line in status.read_text(encoding="utf-8").splitlines() if "VmHWM" in line
        )
        return round(int(peak.split()[1]) / 1024, 1)


def summary(answers: list[Answer], seconds: float) -> dict[str, float]:
    """What the answers were like, as reports/load.json holds it."""
    late = sorted(answer.seconds for answer in answers)
    given = [answer for answer in answers if answer.source]
    fallbacks = sum(answer.source != "model" for answer in given)
    return {
        "latency_p50_ms": round(_quantile(late, 0.50) * 1000, 3),
        "latency_p95_ms": round(_quantile(late, 0.95) * 1000, 3),
        "latency_p99_ms": round(_quantile(late, 0.99) * 1000, 3),
        "requests_per_second": round(len(given) / seconds, 2),
        "error_rate": 1 - len(given) / len(answers),
        "fallback_rate": fallbacks / len(answers),
    }


def ask(connection: http.client.HTTPConnection, body: bytes) -> str:
    """Who answered, `model` or `fallback`; "" where it was refused, failed or not understood."""
    try:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        return str(json.loads(content)["source"]) if response.status == 200 else ""
    except (*FAILURES, KeyError):
        connection.close()
        return ""


@contextmanager
def started(root: Path) -> Iterator[Service]:
    """The project's own `serve` on a free port; raises OSError if it does not come up."""
    package = (__package__ or "").partition(".")[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Whoever measures has the machine, and needs no key.
    words = ["serve", f"port={port}", "host=127.0.0.1", "key_env=null"]
    process = subprocess.Popen(
        [sys.executable, "-m", package, *words],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _await(process, port)
        yield Service(process, port)
    finally:
        process.terminate()
        process.communicate()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/ready")
            if connection.getresponse().status == 200:
                return
        except FAILURES:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    process.terminate()
    said = process.communicate()[1].decode(errors="replace").strip()
    raise OSError(f"serve: was not ready within {START_S:g} s: {said or 'it said nothing'}")


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(math.ceil(share * len(ordered)), len(ordered)) - 1]
