"""The service on Ray Serve: the responses of `serve`, a replica that is killed, and its end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.components.projects import promoted
from tests.components.ray_cluster import (
    PATIENCE_S,
    Cluster,
    cluster,
    descendants,
    wait_for,
)

__all__ = ["cluster"]  # a fixture

JSON = {"Content-Type": "application/json"}
REPLICA = "ray::ServeReplica"
ROWS = """
import polars, sys
rows = polars.read_parquet(sys.argv[1]).drop("_row").head(20)
print(rows.write_ndjson(), end="")
"""
Response = tuple[int, Any, list[str]]


@pytest.fixture(scope="module")
def project(installed_project, tmp_path_factory) -> Path:
    """A project with a champion."""
    installed = installed_project(components=["serve", "ray"])
    return promoted(installed, tmp_path_factory.mktemp("ray") / "project")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serving(
    cluster: Cluster, project: Path, command: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`serve` or `ray-serve`, ready, and its port."""
    port = free_port()
    words = [command, f"port={port}", "limits.requests_per_second=null"]
    process = cluster.begin(project, *words)
    try:
        wait_for(lambda: status(port, "/ready") == 200, process)
        yield process, port
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def ask(port: int, method: str, path: str, body: str | None = None) -> Response:
    """Status, content without ids, and the names of the headers."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as one:
        one.request(method, path, body, JSON)
        response = one.getresponse()
        content = response.read().decode()
    if "json" in response.getheader("content-type", ""):
        content = without_ids(json.loads(content))
    varying = ("date", "server", "content-length")
    names = sorted({key.lower() for key, _ in response.getheaders()} - {*varying})
    return response.status, content, names


def without_ids(content: Any) -> Any:
    if isinstance(content, list):
        return [without_ids(one) for one in content]
    ids = ("prediction_id", "request_id")
    return {key: value for key, value in content.items() if key not in ids}


def status(port: int, path: str) -> int | None:
    with contextlib.suppress(OSError):
        return ask(port, "GET", path)[0]
    return None


def rows(project: Path) -> list[str]:
    """Requests for a prediction."""
    path = next((project / "models").glob("*/background.parquet"))
    command = [str(project / ".venv/bin/python"), "-c", ROWS, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def responses(port: int, bodies: list[str]) -> list[Response]:
    """To valid requests, to wrong ones, and of every other path."""
    wrong = json.dumps({**json.loads(bodies[0]), "mean_radius": -3})
    feedback = json.dumps({"prediction_id": "0" * 32, "correct": False})
    posted = [*bodies, "[" + ",".join(bodies) + "]", "{", wrong, "x" * 2_000_000]
    found = [ask(port, "POST", "/predict", body) for body in posted]
    found.append(ask(port, "POST", "/feedback", feedback))
    paths = ("/predict", "/nothing", "/health", "/ready", "/version", "/openapi.json", "/docs")
    return found + [ask(port, "GET", path) for path in paths]


@pytest.mark.slow
def test_responses_are_those_of_serve_and_go_on_when_a_replica_is_killed(cluster, project):
    bodies = rows(project)
    with serving(cluster, project, "serve") as (_, port):
        expected = responses(port, bodies)
    with serving(cluster, project, "ray-serve") as (process, port):
        found = responses(port, bodies)
        replicas = cluster.processes(REPLICA)
        os.kill(replicas[0], signal.SIGKILL)
        after = [ask(port, "POST", "/predict", body)[0] for body in bodies]
        wait_for(lambda: len(cluster.processes(REPLICA)) == 2, process)

    lines = (project / "logs/service.jsonl").read_text().splitlines()
    assert found == expected
    assert {response[0] for response in expected} == {200, 202, 400, 404, 405, 413, 422}
    assert len(replicas) == 2
    assert after == [200] * len(bodies)
    assert len([line for line in lines if '"path":"/predict"' in line]) >= 2 * len(bodies)
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_ends_it_and_leaves_no_replica(cluster, project, number):
    with serving(cluster, project, "ray-serve") as (process, port):
        process.send_signal(number)
        out, problem = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0, problem
    assert "serve     stopped" in out
    assert cluster.processes(REPLICA) == []
    assert status(port, "/ready") != 200


@pytest.mark.slow
def test_a_cluster_of_its_own_ends_with_it(project, cluster):
    own = {key: value for key, value in cluster.env.items() if key != "RAY_ADDRESS"}
    with serving(Cluster(0, own), project, "ray-serve") as (process, _):
        started = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    deadline = time.monotonic() + 30
    while alive(started) and time.monotonic() < deadline:
        time.sleep(0.2)

    assert process.returncode == 0
    assert len(started) > 5
    assert alive(started) == set()


def alive(processes: set[int]) -> set[int]:
    return {one for one in processes if Path(f"/proc/{one}").exists()}
