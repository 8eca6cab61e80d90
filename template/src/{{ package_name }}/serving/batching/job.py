"""A job's folder: what it is about, the parts that are done, and where to go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...utils.files import read_json, replacing, sha256_of_json, write_json
from ...utils.locks import locked
from .blocks import Place

JOB, LOCK = "job.json", ".lock"
ANSWERS, REFUSED = "answers", "refused"
FACTS = "batch"  # the word under which a part says what it is
REMEDY = "name another folder, or delete what was answered with --anew"


@dataclass(frozen=True)
class Part:
    """What was done of one block. after: where the next begins. reasons: refused rows by reason."""

    name: str
    after: Place
    rows: int
    answered: int
    reasons: dict[str, int]

    @property
    def refused(self) -> int:
        """How many rows got a reason instead of an answer."""
        return sum(self.reasons.values())


@dataclass(frozen=True)
class Job:
    """about: what decides every byte of the output; the names of parts are made from it."""

    folder: Path
    about: dict[str, Any]

    def name(self, file: int, place: Place) -> str:
        """The name of the part that begins at a place of a file."""
        return f"part-{file:03}-{place.row:012}-{self._key(file)}.parquet"

    def _key(self, file: int) -> str:
        rest = {key: value for key, value in self.about.items() if key != "inputs"}
        return sha256_of_json([self.about["inputs"][file], rest])[:12]

    def done(self, file: int) -> Iterator[Part]:
        """The parts of a file that need not be done again, from its beginning to the first gap."""
        place = Place()
        while part := _read_part(self.folder / ANSWERS / self.name(file, place)):
            yield part
            place = part.after

    def write(self, part: Part, answers: pl.DataFrame, refused: pl.DataFrame) -> None:
        """Write a part. The answers come last: a part is done when they are there."""
        if len(refused):
            _write(self.folder / REFUSED / part.name, refused, {})
        _write(self.folder / ANSWERS / part.name, answers, {FACTS: json.dumps(asdict(part))})

    def finish(self, parts: Sequence[Part]) -> dict[str, Any]:
        """Write what was done into job.json; returns the counts."""
        reasons: dict[str, int] = {}
        for part in parts:
            for why, n_rows in part.reasons.items():
                reasons[why] = reasons.get(why, 0) + n_rows
        counts = {
            "read": sum(part.rows for part in parts),
            "answered": sum(part.answered for part in parts),
            "refused": sum(part.refused for part in parts),
        }
        said = [{"reason": why, "rows": n_rows} for why, n_rows in sorted(reasons.items())]
        done = {"status": "finished", "rows": counts, "reasons": said, "parts": len(parts)}
        write_json(self.folder / JOB, {**self.about, **done})
        return counts


@contextmanager
def opened(folder: Path, about: dict[str, Any], *, anew: bool) -> Iterator[Job]:
    """The job of a folder, new or gone on with; nobody else works in the folder meanwhile.

    Raises ValueError where another process does, or where the folder holds something else.
    """
    job = Job(folder, about)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder / LOCK, wait=False))
        except OSError as error:
            raise ValueError(
                f"{folder}: another process is answering into this folder; wait for it, or stop it"
            ) from error
        _begin(job, anew=anew)
        _sweep(job)
        yield job


def _begin(job: Job, *, anew: bool) -> None:
    """Write job.json, unless it says this already."""
    path = job.folder / JOB
    if not path.is_file():
        if others := sorted(p.name for p in job.folder.iterdir() if p.name != LOCK):
            raise ValueError(f"{job.folder}: holds {others[0]} and no {JOB}; name another folder")
    else:
        known = read_json(path)
        found = [line for key in job.about for line in _differences(key, known, job.about)]
        if not found:
            return
        if not anew:
            raise ValueError(f"{job.folder}: {'; '.join(found)}; {REMEDY}")
    write_json(path, {**job.about, "status": "begun"})


def _differences(key: str, known: dict[str, Any], about: dict[str, Any]) -> Iterator[str]:
    before, now = known.get(key), about[key]
    if before == now:
        return
    if key != "inputs" or [one["file"] for one in before or ()] != [one["file"] for one in now]:
        yield f"was begun with {key} {_said(before)}, and now it is {_said(now)}"
        return
    for one, other in zip(before or (), now, strict=True):
        if one != other:
            yield f"{other['file']} has changed since the job was begun"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one["file"]) for one in value)
    if isinstance(value, dict):
        return f"{value['version']} (files {sha256_of_json(value['files'])[:8]})"
    return str(value)


def _sweep(job: Job) -> None:
    """Delete what a killed process was writing, and parts of a job that was given up."""
    keys = {job._key(file) for file in range(len(job.about["inputs"]))}
    for path in [p for name in (ANSWERS, REFUSED) for p in (job.folder / name).glob("*")]:
        if path.name.endswith(".part") or path.stem.rpartition("-")[2] not in keys:
            path.unlink()


def _write(path: Path, rows: pl.DataFrame, facts: dict[str, str]) -> None:
    with replacing(path) as temporary:
        rows.write_parquet(temporary, compression="zstd", compression_level=1, metadata=facts)
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())  # or a machine that goes down may keep the name and no content


def _read_part(path: Path) -> Part | None:
    if not path.is_file():
        return None
    try:
        facts = json.loads(pl.read_parquet_metadata(path)[FACTS])
        return Part(**{**facts, "after": Place(**facts["after"])})
    except (pl.exceptions.PolarsError, KeyError, ValueError):
        return None  # cut off by a machine that went down: it is done again
