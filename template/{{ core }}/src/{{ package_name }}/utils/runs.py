"""The record of a run: written when it starts, closed however it ends."""

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import logs
from .files import read_json, sha256_of_json, write_json
from .names import check_name
from .provenance import environment, git_state, tree_id

LOGS = "logs"
RECORD = "run.json"
# Sums over several threads are added in an order that varies, and so does the last digit.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class Run:
    """A run: its folder logs/<run>/ and its record so far."""

    folder: Path
    record: dict[str, Any] = field(default_factory=dict)

    def add(self, **facts: Any) -> None:
        """Add facts to the record, on disk too."""
        self.record.update(facts)
        write_json(self.folder / RECORD, self.record)


@contextlib.contextmanager
def recorded(root: Path, command: str, config: dict[str, Any]) -> Iterator[Run]:
    """A new run with its record and log file; the record states how it ended."""
    started, wall, cpu = datetime.now(UTC), time.perf_counter(), time.process_time()
    run = Run(_new_folder(root / LOGS, started.strftime("%Y-%m-%dT%H-%M-%S")))
    run.add(
        run=run.folder.name,
        command=command,
        status="running",
        started=started.isoformat(),
        config=config,
        config_sha256=sha256_of_json(config),
        seed=config["seed"],
        git=git_state(root),
        trees=trees(root),
        environment=environment(),
    )
    status = "failed"
    try:
        with logs.in_file(run.folder / "log.txt"):
            yield run
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    except BaseException as error:
        run.record["error"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        run.add(
            status=status,
            finished=datetime.now(UTC).isoformat(),
            seconds=round(time.perf_counter() - wall, 3),
            cost={"cpu_seconds": round(time.process_time() - cpu, 3)},
        )


def trees(root: Path) -> dict[str, str]:
    """The ids of the code and of the configuration, which a number is true for."""
    return {name: tree_id(root, name) for name in ("src", "conf")}


def find(root: Path, name: str | None = None) -> Run:
    """The run of that name, or the newest that saved a model; raises ValueError without one."""
    runs = {run.folder.name: run for run in every(root) if run.record["status"] == "finished"}
    if name is not None:
        check_name(name, list(runs)[::-1], f"{LOGS}/: finished runs")
        return runs[name]
    # A trial of a search is a run that saves no model.
    saved = [run for run in runs.values() if "model" in run.record]
    if not saved:
        raise ValueError(f"{LOGS}/: no finished run; run `train` first")
    return max(saved, key=lambda run: str(run.record["started"]))


def every(root: Path) -> list[Run]:
    """All runs in logs/, by the names of their folders."""
    paths = sorted((root / LOGS).glob(f"*/{RECORD}"))
    return [Run(path.parent, dict(read_json(path))) for path in paths]


@contextlib.contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Within, NumPy's global generator is seeded and numeric libraries use one thread.

    A number of threads that the user has set in the environment is kept.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    np.random.seed(seed)
    with threadpool_limits(limits=int(n_threads())):
        yield


def n_threads() -> str:
    """The number of threads of numeric libraries: the user's in the environment, or one."""
    return next((os.environ[name] for name in THREAD_VARIABLES if name in os.environ), "1")


def _new_folder(parent: Path, name: str) -> Path:
    """A new folder of that name, or of name-2, name-3 when runs start within one second."""
    names = itertools.chain([name], (f"{name}-{count}" for count in itertools.count(2)))
    for folder in (parent / name for name in names):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
            break
    return folder
