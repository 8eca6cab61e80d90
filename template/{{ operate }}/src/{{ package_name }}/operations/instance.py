"""A service process of one version, on a copy of the project: what it writes is thrown away."""

import http.client
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request

import polars as pl

from ..dataloader.sources import ROW
from ..registry.versions import ALIASES, BACKGROUND, CHAMPION, MODELS, numbers
from ..serving.app import JSON
from ..serving.serve import read_keys
from ..serving.settings import load_service
from ..utils.files import write_json

PACKAGE = __name__.partition(".")[0]
KEY = "API_KEY"  # environment variable; for keys that are kept as hashes alone
START_S, STOP_S = 120, 20
# A fallback after budget_ms would hide how slow the model is.
UNLIMITED = ("limits.requests_per_second=null", "timing.budget_ms=60000")
CPU, MEMORY = "process_cpu_seconds_total", "process_resident_memory_bytes"


@dataclass(frozen=True)
class Instance:
    """A running service; bodies: rows of its model's training as JSON."""

    port: int
    bodies: list[bytes]
    headers: dict[str, str]

    def connect(self) -> closing[http.client.HTTPConnection]:
        """A connection that is kept open between requests."""
        return closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30))

    def milliseconds(self, connection: http.client.HTTPConnection, number: int) -> float:
        """The time of one prediction; raises ValueError where the model does not predict."""
        body = self.bodies[number % len(self.bodies)]
        started = time.perf_counter()
        connection.request("POST", "/predict", body, self.headers)
        answer = connection.getresponse()
        content = answer.read()
        taken = (time.perf_counter() - started) * 1000
        check(answer.status, content)
        return taken

    def requests(self) -> list[Request]:
        """The same predictions for `send_load`."""
        url = f"http://127.0.0.1:{self.port}/predict"
        return [Request(url, body, self.headers) for body in self.bodies]

    def metric(self, name: str) -> float:
        """A value of /metrics; 0 where the system does not report it, as outside Linux."""
        with self.connect() as connection:
            connection.request("GET", "/metrics", headers=self.headers)
            text = connection.getresponse().read().decode()
        found = re.search(rf"(?m)^service_{name} (\S+)", text)
        return float(found[1]) if found else 0.0


def newest(root: Path) -> str:
    """The version that was registered last: the one that fits the code of now."""
    return str(max(numbers(root), default=CHAMPION))


def check(status: int, content: bytes) -> None:
    """Raise ValueError unless this is a response of a model that works."""
    if status != 200:
        raise ValueError(f"the service responds {status}: {content[:200].decode()}")
    if b'"reason":"failed"' in content:
        raise ValueError(
            "the model fails on this code: do features differ from those that the version was "
            "trained with? Train, evaluate and register, or name an older version and its code"
        )


@contextmanager
def copied(root: Path, version: Path, commit: str | None = None) -> Iterator[Path]:
    """A copy of code, conf/ and data/ with one version as champion; deleted at the end.

    commit: src/ and conf/ as they were there; None: as they are now.
    """
    (root / "build").mkdir(exist_ok=True)  # on the same disk, so that data/ is linked, not copied
    with tempfile.TemporaryDirectory(dir=root / "build", prefix="operate-") as folder:
        to = Path(folder)
        _copy_code(root, to, commit)
        if (root / "data").is_dir():
            served = shutil.ignore_patterns("served")
            shutil.copytree(root / "data", to / "data", ignore=served, copy_function=os.link)
        shutil.copytree(version, to / MODELS / version.name)
        for path in (root / MODELS).glob("*.json"):  # such as hashes of keys
            shutil.copyfile(path, to / MODELS / path.name)
        (to / MODELS / "rollout.json").unlink(missing_ok=True)  # no canary, and not switched off
        write_json(to / MODELS / ALIASES, {CHAMPION: version.name})
        yield to


def _copy_code(root: Path, to: Path, commit: str | None) -> None:
    if commit is None:
        for name in ("src", "conf"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / name, to / name, ignore=ignored)
        return
    command = ["git", "archive", commit, "src", "conf"]
    done = subprocess.run(command, cwd=root, capture_output=True)
    if done.returncode:
        raise ValueError(f"git archive {commit}: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(to, filter="data")


def run_command(root: Path, *words: str) -> None:
    """A command of the project in `root`, in a process of its own."""
    done = subprocess.run(_command(*words), cwd=root, env=_environment(root), capture_output=True)
    if done.returncode:
        raise ValueError(f"`{words[0]}` stopped: {done.stderr.decode().strip()}")


@contextmanager
def serving(root: Path) -> Iterator[Instance]:
    """The service of a copy, until the block ends; raises ValueError where it does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["host=127.0.0.1", f"port={port}", f"model={CHAMPION}", *UNLIMITED]
    command = _command("serve", *words)
    log = root / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=root, env=_environment(root), stdout=output, stderr=output
        )
    try:
        _wait(process, port, log)
        yield Instance(port, bodies(root), _headers(root))
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", PACKAGE, *words]


def _environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root / "src")}


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8").splitlines() or ["no message"]
    raise ValueError(f"the service did not become ready: {lines[-1]}")


def bodies(root: Path) -> list[bytes]:
    """Rows of the training of a copy's version, each as JSON."""
    path = next((root / MODELS).glob(f"*/{BACKGROUND}"))
    rows = pl.read_parquet(path).drop(ROW).to_dicts()
    return [json.dumps(row, default=lambda moment: moment.isoformat()).encode() for row in rows]


def _headers(root: Path) -> dict[str, str]:
    keys = [*read_keys(load_service(root)), *os.environ.get(KEY, "").split()]
    return {"Content-Type": JSON} | ({"X-API-Key": keys[0]} if keys else {})
