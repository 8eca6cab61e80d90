"""The service: its machinery, slow bodies, a stop under load, the load test, each kind of model."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.projects import check_machinery, do
from tests.conftest import copy_installed, run

HEAD = (
    "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    "Content-Length: {}\r\n\r\n"
)
N_SLOW = 200
START_S = 60


@pytest.fixture(scope="module")
def registered(installed_project, tmp_path_factory) -> Path:
    """A project with a champion."""
    installed = installed_project(components=["serve"])
    project = copy_installed(installed, tmp_path_factory.mktemp("serve") / "project")
    return champion(project)


def champion(project: Path, *words: str) -> Path:
    """Train and register a model, and make it champion whatever the gates report."""
    for command in (["train", *words], ["evaluate"], ["register"]):
        do(project, *command)
    newest = max(int(path.name) for path in (project / "models").glob("[0-9]*"))
    (project / "models/aliases.json").write_text(json.dumps({"champion": str(newest)}))
    return project


@contextlib.contextmanager
def serving(project: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`serve` on a free port; the log is serve.log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", f"port={port}", "limits.requests_per_second=null"]
    command = [str(project / ".venv/bin/python"), "-m", "my_model", *words]
    environment = {**os.environ, "PYTHONPATH": "src"}
    with (project / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=log)
    try:
        wait_until(lambda: status(port, "/ready") == 200)
        yield process, port
    finally:
        process.kill()
        process.wait()


def status(port: int, path: str, body: bytes | None = None) -> int | None:
    """The status of one request; None where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        method = "GET" if body is None else "POST"
        connection.request(method, path, body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    return None


def wait_until(condition) -> None:
    end = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def valid_row(project: Path) -> bytes:
    code = (
        "import polars, sys; table = polars.read_parquet(sys.argv[1]);"
        "print(table.drop('_row').head(1).write_json()[1:-1])"
    )
    path = next((project / "models").glob("*/background.parquet"))
    return run(
        str(project / ".venv/bin/python"), "-c", code, str(path), cwd=project
    ).stdout.encode()


def test_slow_bodies_do_not_keep_others_from_a_prediction(registered):
    row = valid_row(registered)
    with serving(registered) as (_, port), contextlib.ExitStack() as stack:
        for _ in range(N_SLOW):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(HEAD.format(len(row)).encode() + row[:10])
        started = time.monotonic()
        found = [status(port, "/predict", row) for _ in range(20)]

        assert found == [200] * 20
        assert time.monotonic() - started < 10


def test_a_request_under_way_gets_its_prediction_before_the_service_stops(registered):
    row = valid_row(registered)
    with serving(registered) as (process, port):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as late:
            late.sendall(HEAD.format(len(row)).encode() + row[:10])
            assert status(port, "/health") == 200  # what came before it has been read too
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: status(port, "/ready") is None)
            late.sendall(row[10:])

            assert late.recv(100).startswith(b"HTTP/1.1 200 ")
        assert process.wait(20) == 0


def test_the_load_test_sends_the_load_and_compares_it(registered):
    slo = registered / "conf/slo.yaml"
    generous = re.sub("latency_p95_ms: [0-9]+", "latency_p95_ms: 5000", slo.read_text())
    with serving(registered) as (_, port):
        words = ["load-test", f"--url=http://127.0.0.1:{port}", "--seconds=1"]
        slo.write_text(generous)
        do(registered, *words)
        slo.write_text(generous.replace("memory_mb: ", "memory_mb: 0.1 # "))
        with pytest.raises(AssertionError, match=r"serving.memory_mb is 0.1, measured [1-9]"):
            do(registered, *words)
    found = json.loads((registered / "reports/load.json").read_text())

    assert found["error_rate"] == found["double"]["error_rate"] == 0
    assert 0 < found["latency_p50_ms"] <= found["latency_p95_ms"]
    assert found["memory_mb"] > 10


def test_the_machinery_of_the_service_holds(registered):
    """The tests of in_project/, with the fixtures of the shipped tests."""
    check_machinery(registered, "check_service", "tests/serving")


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "model",
    [pytest.param("logistic", marks=SLOW), "forest", pytest.param("boosting", marks=SLOW)],
)
def test_each_model_is_served_by_onnxruntime(registered, tmp_path, model):
    """Without categories; scikit-learn itself serves boosting with categories."""
    project = tmp_path / "project"
    shutil.copytree(registered, project, symlinks=True, ignore=shutil.ignore_patterns("models"))
    champion(project, f"model={model}")
    do(project, "export")
    facts = json.loads((project / "models/1/serving.json").read_text())

    assert facts["engine"] == "onnxruntime"
    assert facts["max_difference"] <= 1e-5
