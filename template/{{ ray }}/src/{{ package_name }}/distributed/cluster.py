"""Connect to a Ray cluster, or start one on this machine and end it."""

import contextlib
import logging
import os
import secrets
import shutil
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..utils.errors import CheckFailed
from ..utils.logs import log
from .settings import PATH, Cluster

# Ray's sockets lie in its folder, below a name of its own, and Linux limits a socket's path to 107.
LONGEST_FOLDER = 40
# Read by Ray when it is imported, and by its workers. What the user has set is kept.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # `uv run` would make workers install the project anew
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths are of the project
    "RAY_ENABLE_ZERO_COPY_TORCH_TENSORS": "1",  # the workers of a machine share the examples
    "POLARS_MAX_THREADS": "1",  # a task has one core; the driver's own threads exist already
}


@contextlib.contextmanager
def connected(root: Path, settings: Cluster) -> Iterator[None]:
    """Within, Ray is connected; a cluster that was started for it ends with the block.

    It is ended after an error and a request to stop as well, and by the operating system where
    this process is killed.
    """
    address = settings.address or os.environ.get("RAY_ADDRESS")
    with environment(is_local=address is None), contextlib.ExitStack() as stack:
        options: dict[str, Any] = {"address": address}
        if address is None:
            options = local_options(settings, stack.enter_context(folder_of(root)))
        start(options, settings.start_tries)
        stack.enter_context(warnings.catch_warnings(action="ignore"))  # of Ray's own code
        try:
            yield
        finally:
            import ray

            ray.shutdown()


@contextlib.contextmanager
def environment(is_local: bool) -> Iterator[None]:
    """Within, the environment variables that Ray and its workers read.

    The token keeps other users of this machine out. Given here, Ray writes none to the home folder.
    """
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    chosen = SETTINGS | (token if is_local and "RAY_AUTH_MODE" not in os.environ else {})
    added = {key: value for key, value in chosen.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)


@contextlib.contextmanager
def folder_of(root: Path) -> Iterator[Path]:
    """Ray's sockets, logs and spilled data: logs/.ray, removed at the end.

    Where the path of the project is too long for a socket, a folder for temporary files.
    """
    folder = root.resolve() / "logs" / ".ray"
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        folder = Path(tempfile.mkdtemp(prefix="ray-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def local_options(settings: Cluster, folder: Path) -> dict[str, Any]:
    """The keywords of `ray.init` for a cluster on this machine, without a dashboard."""
    return {
        "address": "local",
        "num_cpus": settings.num_cpus,
        "num_gpus": settings.num_gpus,
        "object_store_memory": settings.object_store_mb * 2**20,
        "include_dashboard": False,
        "_temp_dir": str(folder),
        "_system_config": {"local_fs_capacity_threshold": settings.disk_share},
    }


def start(options: dict[str, Any], n_tries: int) -> None:
    """`ray.init`; a start that times out is tried again, then CheckFailed."""
    import ray

    for number in range(1, n_tries + 1):
        try:
            with own_signals():
                ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
            return
        except Exception as error:  # Ray raises a plain one where a start times out
            ray.shutdown()
            if "timed out during startup" not in str(error) or number == n_tries:
                text = str(error).partition("\n")[0]
                raise CheckFailed(f"{PATH}: Ray did not start: {text}") from error
            log("ray", f"the start timed out; try {number + 1} of {n_tries}")


@contextlib.contextmanager
def own_signals() -> Iterator[None]:
    """`ray.init` replaces what a request to stop does; afterwards it is as before."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
