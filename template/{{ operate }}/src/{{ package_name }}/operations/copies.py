"""A service and a training of one version, on a copy of the project that is thrown away."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

from ..registry.versions import ALIASES, CHAMPION, MODELS
from ..serving.load_test import requests_of, send_load
from ..serving.settings import load_service
from ..utils import runs
from ..utils.files import write_json
from ..utils.provenance import git

HOST, START_S = "127.0.0.1", 120
# A fallback after budget_ms would hide how slow the model is.
UNLIMITED = ("limits.requests_per_second=null", "timing.budget_ms=60000")
# On Linux, what is started ends even where this process is killed by SIGKILL.
DIES_TOO = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
PROJECT = [*DIES_TOO, sys.executable, "-m", __name__.partition(".")[0]]
Side = tuple[Path, list[Request]]  # a copy, and requests of one row each to its service


@contextmanager
def served(root: Path, version: Path, commit: str | None = None) -> Iterator[Side]:
    """The service of a version, until the block ends; raises ValueError where it does not start.

    commit: src/ and conf/ as they were there; None: as they are now.
    """
    (root / "build").mkdir(exist_ok=True)  # on the same disk, so that large files are linked
    with create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    words = ("serve", f"host={HOST}", f"port={port}", f"model={CHAMPION}", *UNLIMITED)
    with TemporaryDirectory(dir=root / "build", prefix="operate-") as folder:
        copy, url = Path(folder), f"http://{HOST}:{port}"
        _copy(root, copy, commit)
        write_json(copy / MODELS / ALIASES, {CHAMPION: version.name})
        _run(copy, "export", f"model={CHAMPION}")  # a service that exports takes more memory
        with _started(copy, *words) as process:
            try:
                _wait_until_ready(f"{url}/ready", process)
                yield copy, requests_of(copy, url, CHAMPION, load_service(copy))
            finally:
                process.kill()


def send(requests: Sequence[Request], n_requests: int, rate: float) -> dict[str, Any]:
    """What `send_load` measures; raises ValueError where the model predicts none."""
    found = send_load(requests, rate, (n_requests - 0.5) / rate)
    if not found["requests_per_second"]:
        raise ValueError("the model predicts nothing: train, evaluate and register it again")
    return found


def train(copy: Path) -> float:
    """CPU seconds of a training, with the data already split."""
    for command in ("prepare", "train"):
        _run(copy, command)
    return float(runs.find(copy).record["cost"]["cpu_seconds"])


def _copy(root: Path, to: Path, commit: str | None) -> None:
    """Nothing that users sent, no canary, and not switched off."""
    skipped = shutil.ignore_patterns("__pycache__", "served", "rollout.json")
    for name in ("data", MODELS, *(() if commit else ("src", "conf"))):
        shutil.copytree(root / name, to / name, ignore=skipped, copy_function=os.link)
    if commit:
        if git(root, "archive", f"--output={to}/code.tar", commit, "src", "conf") is None:
            raise ValueError(f"git has no src/ and conf/ of {commit}; name another: --code COMMIT")
        shutil.unpack_archive(to / "code.tar", to, filter="data")


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise ValueError("the service did not become ready")


def _run(root: Path, *words: str) -> None:
    if _started(root, *words).wait():
        raise ValueError(f"`{' '.join(words)}` stopped")


def _started(root: Path, *words: str) -> "subprocess.Popen[bytes]":
    """A command of a copy, on its own source; it shows errors alone."""
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    command = [*PROJECT, *words]
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL)
