"""The record of a run: written when it starts, closed however it ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import environment, git, logs, trees
from .files import read_json, sha256_of_json, write_json

LOGS = "logs"
RECORD = "run.json"


@dataclass
class Run:
    """A run under way: its folder and its record so far."""

    folder: Path
    record: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: Any) -> None:
        """Add facts to the record, on disk too."""
        self.record.update(facts)
        write_json(self.folder / RECORD, self.record)


@contextmanager
def recorded(root: Path, command: str, config: dict[str, Any], seed: int) -> Iterator[Run]:
    """A run with its record and log file; the record says how it ended."""
    run = _begin(root, command, config, seed)
    wall, cpu = time.perf_counter(), time.process_time()
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
        run.note(
            status=status,
            finished=_now().isoformat(),
            seconds=round(time.perf_counter() - wall, 3),
            cost={"cpu_seconds": round(time.process_time() - cpu, 3)},
        )


def _begin(root: Path, command: str, config: dict[str, Any], seed: int) -> Run:
    started = _now()
    folder = _new_folder(root / LOGS, started.strftime("%Y-%m-%dT%H-%M-%S"))
    run = Run(folder)
    run.note(
        run=folder.name,
        command=command,
        status="running",
        started=started.isoformat(),
        config=config,
        config_sha256=sha256_of_json(config),
        seed=seed,
        git=git.state(root),
        trees={name: trees.tree_id(root, name) for name in ("src", "conf")},
        environment=environment.describe(),
    )
    return run


def find(root: Path, name: str | None) -> Run:
    """The run of that name, or the newest that left a model; raises ValueError if there is none."""
    if name is not None:
        record = _record(root / LOGS / name)
        if not record:
            raise ValueError(f"{LOGS}/{name}: no such run; {LOGS}/ holds {_names(root)}")
        if record["status"] != "finished":
            raise ValueError(f"{LOGS}/{name}: this run is {record['status']}; choose another")
        return Run(root / LOGS / name, record)
    # A trial of a search is a run that keeps no model.
    finished = [
        run
        for run in every(root)
        if run.record.get("status") == "finished" and "model" in run.record
    ]
    if not finished:
        raise ValueError(f"{LOGS}/: no finished run; run `train` first")
    return max(finished, key=lambda run: str(run.record["started"]))


def every(root: Path) -> list[Run]:
    """All runs in logs/, by the names of their folders."""
    folders = sorted(path.parent for path in (root / LOGS).glob(f"*/{RECORD}"))
    return [Run(folder, _record(folder)) for folder in folders]


def _record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    return dict(read_json(path)) if path.is_file() else {}


def _names(root: Path) -> str:
    names = [run.folder.name for run in every(root)]
    return ", ".join(names[-5:]) or "none"


def _new_folder(parent: Path, name: str) -> Path:
    """A folder of that name, or of name-2, name-3 when runs start within one second."""
    for count in range(1, 1000):
        folder = parent / (name if count == 1 else f"{name}-{count}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise ValueError(f"{parent}: a thousand runs named {name}; delete some")


def _now() -> datetime:
    return datetime.now(UTC)
