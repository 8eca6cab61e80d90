"""A service process of one version, on a copy of the project: what it writes is thrown away."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import polars as pl

from ..dataloader.sources import ROW
from ..registry.versions import ALIASES, BACKGROUND, CHAMPION, MODELS, numbers, resolve
from ..serving.app import JSON
from ..serving.load_test import send_load
from ..serving.serve import read_keys
from ..serving.settings import load_service
from ..utils.files import write_json

PACKAGE, START_S = __name__.partition(".")[0], 120
KEY = "API_KEY"  # environment variable; for keys that are kept as hashes alone
# A fallback after budget_ms would hide how slow the model is.
UNLIMITED = ("limits.requests_per_second=null", "timing.budget_ms=60000")
CPU, MEMORY = "process_cpu_seconds_total", "process_resident_memory_bytes"
# On Linux, what is started ends even where this process is killed by SIGKILL.
DIES_TOO = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
PROJECT = [*DIES_TOO, sys.executable, "-m", PACKAGE]


@dataclass(frozen=True)
class Instance:
    """A running service. requests: rows of its model's training, one each."""

    url: str
    requests: list[Request]

    def load(self, n_requests: int, rate: float) -> dict[str, Any]:
        """What `send_load` measures; raises ValueError where the model predicts none."""
        found = send_load(self.requests, rate, (n_requests - 0.5) / rate)
        if not found["requests_per_second"]:
            text = "was the model trained with other features? Train, evaluate and register"
            raise ValueError(f"the service responds, but the model does not predict; {text}")
        return found

    def metric(self, name: str) -> float:
        """A value of /metrics; 0 where the system does not report it, as outside Linux."""
        request = Request(f"{self.url}/metrics", headers=self.requests[0].headers)
        with urlopen(request, timeout=30) as response:
            found = re.search(rf"(?m)^service_{name} (\S+)", response.read().decode())
        return float(found[1]) if found else 0.0


def newest(root: Path) -> Path:
    """The version that was registered last: the one that fits the code of now."""
    return resolve(root, str(max(numbers(root), default=CHAMPION)))


@contextmanager
def copied(root: Path, version: Path, commit: str | None = None) -> Iterator[Path]:
    """A copy of the project with one version as champion; deleted at the end.

    commit: src/ and conf/ as they were there; None: as they are now.
    """
    (root / "build").mkdir(exist_ok=True)  # on the same disk, so that large files are linked
    # Nothing that users sent, no canary, and not switched off.
    skipped = shutil.ignore_patterns("__pycache__", "served", "rollout.json")
    with tempfile.TemporaryDirectory(dir=root / "build", prefix="operate-") as folder:
        to = Path(folder)
        for name in ("src", "conf") if commit is None else ():
            shutil.copytree(root / name, to / name, ignore=skipped)
        for name in (one for one in ("data", MODELS) if (root / one).is_dir()):
            shutil.copytree(root / name, to / name, ignore=skipped, copy_function=os.link)
        if commit:
            archive = to / "code.tar"
            _run(["git", "archive", f"--output={archive}", commit, "src", "conf"], root)
            shutil.unpack_archive(archive, to, filter="data")
        write_json(to / MODELS / ALIASES, {CHAMPION: version.name})
        yield to


@contextmanager
def serving(root: Path) -> Iterator[Instance]:
    """The service of a copy, until the block ends; raises ValueError where it does not start."""
    run_project(root, "export", f"model={CHAMPION}")  # a service that exports takes more memory
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ("serve", "host=127.0.0.1", f"port={port}", f"model={CHAMPION}", *UNLIMITED)
    url, log = f"http://127.0.0.1:{port}", root / "service.log"
    requests = [Request(f"{url}/predict", body, headers(root)) for body in bodies(root)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*PROJECT, *words], cwd=root, env=_environment(root), stdout=output, stderr=output
        ) as process,
    ):
        try:
            if not _is_ready(url, process):
                last = log.read_text(encoding="utf-8").strip().rpartition("\n")[2]
                raise ValueError(f"the service did not become ready: {last}")
            yield Instance(url, requests)
        finally:
            process.kill()


def _is_ready(url: str, process: "subprocess.Popen[bytes]") -> bool:
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            urlopen(f"{url}/ready", timeout=5).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def run_project(root: Path, *words: str) -> None:
    """A command of the project in a copy; raises ValueError with what it prints if it fails."""
    _run([*PROJECT, *words], root)


def _run(command: Sequence[str], root: Path) -> None:
    done = subprocess.run(command, cwd=root, env=_environment(root), capture_output=True)
    if done.returncode:
        raise ValueError(f"`{' '.join(command)}` stopped: {done.stderr.decode().strip()}")


def _environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root / "src")}


def bodies(root: Path) -> list[bytes]:
    """Rows of the training of a copy's version, each as JSON."""
    rows = pl.read_parquet(resolve(root) / BACKGROUND).drop(ROW)
    return rows.write_ndjson().encode().splitlines()


def headers(root: Path) -> dict[str, str]:
    """Of a request to /predict, with a key where one is needed."""
    keys = [*read_keys(load_service(root)), *os.environ.get(KEY, "").split()]
    return {"Content-Type": JSON} | ({"X-API-Key": keys[0]} if keys else {})
