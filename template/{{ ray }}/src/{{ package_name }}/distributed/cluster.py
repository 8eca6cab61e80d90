"""Connect to a Ray cluster, or start one on this machine and end it."""

import contextlib
import errno
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
from ..utils.runs import n_threads
from .settings import PATH, Cluster

# Ray's sockets are 64 characters below its folder, and Linux limits a socket's path to 107.
LONGEST_FOLDER = 43
PACKAGE = Path(__file__).parents[1]
# Read by Ray when it is imported.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # `uv run` would make workers install the project anew
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths are of the project
    "RAY_ENABLE_ZERO_COPY_TORCH_TENSORS": "1",  # the workers of a machine share the examples
}


@contextlib.contextmanager
def connected(root: Path, settings: Cluster) -> Iterator[None]:
    """Within, Ray is connected; a cluster that was started for it ends with the block.

    It is ended after an error and a request to stop as well, and by the operating system where
    this process is killed.
    """
    address = settings.address or os.environ.get("RAY_ADDRESS")
    with contextlib.ExitStack() as stack:
        if address is None:
            folder = stack.enter_context(folder_of(root))
            stack.enter_context(environment({**SETTINGS, **worker_settings(), **new_token()}))
            options = local_options(settings, folder)
        else:
            stack.enter_context(environment(SETTINGS))
            # Whatever an image on the cluster holds, its processes run the code of this commit.
            code = {"py_modules": [str(PACKAGE)], "env_vars": worker_settings()}
            options = {"address": address, "runtime_env": code}
        start(options, settings.start_tries)
        stack.enter_context(warnings.catch_warnings(action="ignore"))  # of Ray's own code
        try:
            yield
        finally:
            import ray

            ray.shutdown()


@contextlib.contextmanager
def environment(chosen: dict[str, str]) -> Iterator[None]:
    """Within, these environment variables are set; what the user has set is kept."""
    added = {key: value for key, value in chosen.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)


def worker_settings() -> dict[str, str]:
    """A task has one core, and as many threads as here: more change the last digit of a sum."""
    return {"OMP_NUM_THREADS": n_threads(), "POLARS_MAX_THREADS": "1"}


def new_token() -> dict[str, str]:
    """Keeps other users of this machine out; where Ray makes one, it is left in the home folder."""
    if "RAY_AUTH_MODE" in os.environ:
        return {}
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextlib.contextmanager
def folder_of(root: Path) -> Iterator[Path]:
    """Ray's sockets, logs and spilled data, in logs/ of the project; removed at the end.

    Where the project's path is too long for a socket, it is in the folder for temporary files.
    What a process left that was killed, the next one removes.
    """
    name = f".ray-{os.getpid()}"
    folder = root.resolve() / "logs" / name
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        folder = Path(tempfile.gettempdir(), name)
    for other in folder.parent.glob(".ray-*"):
        number = int(other.name.removeprefix(".ray-"))
        if number == os.getpid() or not is_running(number):
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_running(process: int) -> bool:
    """Whether there is a process with this number."""
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno == errno.EPERM  # another user's
    return True


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
