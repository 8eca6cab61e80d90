"""Append records to files from one thread: JSON lines, which become Parquet when closed."""

import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic_core import to_json

from ..utils.files import replacing

LOGGER = logging.getLogger(__package__)
OPEN, CLOSED, COUNT, LOCK = ".jsonl", ".parquet", ".count", ".lock"
TIME = "time"  # in lines microseconds since 1970, in tables UTC
QUEUE = 20_000  # records that wait for the disk; one more is lost and counted
FLUSH_S = 0.2  # seconds between two writes: what a killed process may lose
CLOSE_S, CLOSE_BYTES = 3600, 2**26  # a segment becomes Parquet: 24 files a day
GIVEN, SETTLED, LOST = range(3)  # the numbers of `counts`
Schema = Mapping[str, pl.DataType]
Records = Iterable[Mapping[str, Any]]


def counts(path: Path) -> NDArray[np.int64]:
    """What a writer was given, what became of it, and what was lost; shape (3,).

    The file is mapped: it survives a killed process, and a full disk does not stop it. Where it
    cannot be made, the numbers are in memory alone.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        return np.memmap(path, np.int64, "r+" if path.is_file() else "w+", shape=(3,))
    return np.zeros(3, np.int64)


class SegmentWriter:
    """Writes records to segments in `folder`; what cannot be written is counted, never raised.

    on_lost: is given each number that is lost.
    """

    def __init__(self, folder: Path, schema: Schema, on_lost: Callable[[int], None]) -> None:
        self.folder, self.schema, self._on_lost = folder, schema, on_lost
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        self.name = f"{moment}-{secrets.token_hex(4)}"
        self._waiting: deque[tuple[Records, int]] = deque()
        self._counts = np.zeros(3, np.int64)
        self._mutex, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = FileLock(folder / f"{self.name}{LOCK}")
        self._path: Path | None = None
        self._size, self._opened, self._is_failing = 0, 0.0, False

    def start(self) -> None:
        """Start the thread; it first closes what a killed process has left."""
        if self._thread is None:
            self._counts = counts(self.folder / f"{self.name}{COUNT}")
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def put(self, records: Records, n_records: int = 1) -> None:
        """Hand records over, which the thread iterates; never waits.

        They are lost where the queue is full or the writer has ended.
        """
        self.start()
        n_waiting = self._counts[GIVEN] - self._counts[SETTLED]
        if self._stop.is_set() or n_waiting + n_records > QUEUE:
            return self._lose(n_records)
        self._counts[GIVEN] += n_records
        self._waiting.append((records, n_records))

    def close(self) -> None:
        """Write what waits, and close the segment."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        self._guarded(self._recover)
        while not self._stop.wait(FLUSH_S):
            self._flush()
        self._flush()
        self._guarded(self._close)
        self._lock.release()
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()

    def _flush(self) -> None:
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if taken:
            n_records = sum(n for _, n in taken)
            if not self._guarded(lambda: self._append(taken)):
                self._lose(n_records)
            self._counts[SETTLED] += n_records
        is_old = time.monotonic() - self._opened > CLOSE_S
        if self._path is not None and (is_old or self._size > CLOSE_BYTES):
            self._guarded(self._close)

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Whether it went well; the first failure of several in a row is logged."""
        was_failing, self._is_failing = self._is_failing, False
        try:
            action()
        except Exception as error:  # nothing may end this thread
            self._is_failing = True
            if not was_failing:
                LOGGER.exception("log-failing", extra={"facts": {"error": str(error)}})
        return not self._is_failing

    def _append(self, taken: list[tuple[Records, int]]) -> None:
        records = [record for several, _ in taken for record in several]
        lines = b"".join(to_json(record) + b"\n" for record in records)
        self._hold()
        if self._path is None:
            self._path = self.folder / f"{self.name}-{time.time_ns()}{OPEN}"
            self._size, self._opened = 0, time.monotonic()
        try:
            with self._path.open("ab") as file:
                file.write(lines)
        except OSError:
            os.truncate(self._path, self._size)  # no half line stays
            raise
        self._size += len(lines)

    def _hold(self) -> None:
        """Take the lock by which other writers know that this one lives."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._lock.is_locked:
            self._lock.acquire(timeout=1)

    def _close(self) -> None:
        """Close the segment; where that fails its lines stay, for the next start."""
        path, self._path = self._path, None
        if path is not None:
            close_segment(path, self.schema)

    def _recover(self) -> None:
        """Close the segments of writers that are gone, whose locks nobody holds."""
        self._hold()
        found = [path for end in (OPEN, COUNT, LOCK) for path in self.folder.glob(f"*{end}")]
        for name in sorted({writer_of(path) for path in found} - {self.name}):
            lock = FileLock(self.folder / f"{name}{LOCK}")
            with suppress(Timeout), lock.acquire(timeout=0):
                segments = sorted(self.folder.glob(f"{name}-*{OPEN}"))
                n_broken = sum(close_segment(path, self.schema) for path in segments)
                left = counts(self.folder / f"{name}{COUNT}")
                n_lost = max(n_broken, int(left[GIVEN] - left[SETTLED]))
                left[SETTLED] = left[GIVEN]
                if n_lost > 0:
                    self._lose(n_lost)
                Path(lock.lock_file).unlink(missing_ok=True)

    def _lose(self, n_records: int) -> None:
        with self._mutex:  # both threads lose
            self._counts[LOST] += n_records
        self._on_lost(n_records)


def close_segment(path: Path, schema: Schema) -> int:
    """Turn a segment into Parquet; returns how many broken lines were dropped."""
    table, n_broken = read_segment(path, schema)
    if len(table):
        with replacing(path.with_suffix(CLOSED)) as temporary:
            table.write_parquet(temporary, compression="zstd")
    path.unlink()
    return n_broken


def read_segment(path: Path, schema: Schema) -> tuple[pl.DataFrame, int]:
    """The whole lines of a segment as a table, and the number of others, as a kill leaves them."""
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.startswith(b"{") and line.endswith(b"}\n")]
    plain = {**schema, TIME: pl.Int64()}
    table = pl.read_ndjson(b"".join(whole), schema=plain) if whole else pl.DataFrame(schema=plain)
    return table.cast({TIME: schema[TIME]}), len(lines) - len(whole)


def writer_of(path: Path) -> str:
    """The name of the writer of a segment, a lock or a count."""
    return "-".join(path.stem.split("-")[:2])
