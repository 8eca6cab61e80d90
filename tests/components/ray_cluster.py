"""One cluster of Ray for all tests of a module, and the commands that use it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
PATIENCE_S = 240
HOST = """
import sys
from pathlib import Path
from my_model.distributed.cluster import connected
from my_model.distributed.settings import read_settings
with connected(Path.cwd(), read_settings(Path.cwd())):
    import ray
    print("address", ray.get_runtime_context().gcs_address, flush=True)
    sys.stdin.read()
"""


@dataclass
class Cluster:
    """A running cluster: the process that started it, and what its commands need."""

    host: int
    env: dict[str, str]

    def begin(self, project: Path, *words: str) -> subprocess.Popen[str]:
        """A command on it."""
        return subprocess.Popen(
            [str(project / ".venv/bin/python"), "-m", "my_model", *words],
            cwd=project,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """A command on it, to its end."""
        process = self.begin(project, *words)
        out, problem = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(words, process.returncode, out, problem)

    def processes(self, name: str) -> list[int]:
        """Its processes whose command line begins with this name."""
        found = []
        for one in descendants(self.host):
            try:
                line = Path(f"/proc/{one}/cmdline").read_bytes()
            except OSError:
                continue
            if line.startswith(name.encode()):
                found.append(one)
        return found


@contextmanager
def hosted(project: Path) -> Iterator[Cluster]:
    """A cluster, as the commands of this project start one; skips where Ray does not start."""
    conf = project / "conf/ray.yaml"
    conf.write_text(conf.read_text().replace("num_cpus: null", "num_cpus: 2"))
    env = {**os.environ, **TOKEN, "PYTHONPATH": "src", "OMP_NUM_THREADS": "1"}
    host = subprocess.Popen(
        [str(project / ".venv/bin/python"), "-c", HOST],
        cwd=project,
        env=env,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert host.stdout is not None
    line = next((line for line in host.stdout if line.startswith("address ")), None)
    if line is None:
        _, problem = host.communicate()
        pytest.skip(f"Ray does not start here: {problem.strip().splitlines()[-1]}")
    try:
        yield Cluster(host.pid, {**env, "RAY_ADDRESS": line.split()[1]})
    finally:
        host.communicate(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def cluster(project: Path) -> Iterator[Cluster]:
    """One for all tests of a module, whose fixture `project` is installed."""
    with hosted(project) as found:
        yield found


def descendants(process: int) -> set[int]:
    """The processes that this one has started, and those that they have."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, new = set[int](), {process}
    while new:
        new = {one for one, parent in parents.items() if parent in new}
        found |= new
    return found


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until the condition holds; fails where the process ends before."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()
    assert condition()
