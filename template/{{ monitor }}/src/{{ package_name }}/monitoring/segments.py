"""Append records to files from one thread: JSON lines, which become Parquet when closed."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl
from filelock import FileLock, Timeout
from pydantic_core import from_json

from ..utils.files import replacing
from .settings import Log

LOGGER = logging.getLogger(__package__)
OPEN, CLOSED, LOST, LOCK = ".jsonl", ".parquet", ".lost", ".lock"
DIGITS = 20  # of the file that counts: it is overwritten in place, which a full disk allows
TIME = "time"  # in lines microseconds since 1970, in tables UTC
MB = 2**20
FAILURES = (OSError, pl.exceptions.PolarsError)
Schema = Mapping[str, type[pl.DataType]]


class SegmentWriter:
    """Writes items to segments in `folder`; what cannot be written is counted, never raised.

    encode: the lines of an item, run in the thread. on_lost: is given each number that is lost.
    """

    def __init__(
        self,
        folder: Path,
        schema: Schema,
        encode: Callable[[Any], bytes],
        settings: Log,
        on_lost: Callable[[int], None],
    ) -> None:
        self.folder, self.schema, self.settings = folder, schema, settings
        self._encode, self._on_lost = encode, on_lost
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        self.name = f"{moment}-{secrets.token_hex(4)}"
        self._waiting: list[Any] = []
        self._n_waiting = self._n_lost = self._n_counted = self._number = self._size = 0
        self._mutex, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._file: BinaryIO | None = None
        self._lock = FileLock(folder / f"{self.name}{LOCK}")
        self._is_failing, self._opened = False, 0.0

    def start(self) -> None:
        """Start the thread; it first closes what a killed process has left."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self.folder.name, daemon=True)
            self._thread.start()

    def put(self, item: Any, n_records: int = 1) -> None:
        """Hand an item over; never waits. Lost where the queue is full or the writer has ended."""
        with self._mutex:
            n_waiting = self._n_waiting + n_records
            is_lost = n_waiting > self.settings.queue or self._stop.is_set()
            if not is_lost:
                self._waiting.append(item)
                self._n_waiting = n_waiting
        if is_lost:
            self._lose(n_records)
        elif self._thread is None:
            self.start()

    def close(self) -> None:
        """Write what waits, and close the segment."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        self._guarded(self._recover)
        while not self._stop.wait(self.settings.flush_s):
            self._turn()
        self._turn()
        self._guarded(self._close)
        self._count_on_disk()
        self._lock.release()
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()

    def _turn(self) -> None:
        with self._mutex:
            waiting, self._waiting = self._waiting, []
            n_records, self._n_waiting = self._n_waiting, 0
        if waiting and not self._guarded(lambda: self._append(waiting)):
            self._lose(n_records)
        if self._file is not None and self._is_due():
            self._guarded(self._close)
        self._count_on_disk()

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Whether it went well; the first failure and the first success after it are logged."""
        try:
            action()
        except Exception as error:  # nothing may end this thread
            if not self._is_failing:
                LOGGER.exception("log-failing", extra={"facts": {"error": str(error)}})
            self._is_failing = True
            return False
        if self._is_failing:
            LOGGER.warning("log-again", extra={"facts": {"n_lost": self._n_lost}})
        self._is_failing = False
        return True

    def _append(self, items: list[Any]) -> None:
        lines = memoryview(b"".join(map(self._encode, items)))
        file = self._file or self._open()
        size = self._size + len(lines)
        try:
            while lines:
                lines = lines[file.write(lines) :]
        except OSError:
            file.truncate(self._size)  # no half line stays
            raise
        self._size = size

    def _open(self) -> BinaryIO:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._lock.is_locked:
            self._lock.acquire(timeout=1)
        self._number += 1
        path = self.folder / f"{self.name}-{self._number:04}{OPEN}"
        self._file = path.open("ab", buffering=0)
        self._size, self._opened = 0, time.monotonic()
        return self._file

    def _is_due(self) -> bool:
        age = time.monotonic() - self._opened
        return age > self.settings.close_s or self._size > self.settings.close_mb * MB

    def _close(self) -> None:
        """Close the segment; where that fails its lines stay, for the next start."""
        if self._file is None:
            return
        self._file.close()
        path, self._file = Path(self._file.name), None
        close_segment(path, self.schema)

    def _recover(self) -> None:
        """Close the segments of writers that are gone, whose locks nobody holds."""
        found = [*self.folder.glob(f"*{OPEN}"), *self.folder.glob(f"*{LOCK}")]
        for name in sorted({writer_of(path) for path in found} - {self.name}):
            lock = FileLock(self.folder / f"{name}{LOCK}")
            with suppress(Timeout), lock.acquire(timeout=0):
                for path in sorted(self.folder.glob(f"{name}-*{OPEN}")):
                    if n_broken := close_segment(path, self.schema):
                        self._lose(n_broken)
                Path(lock.lock_file).unlink(missing_ok=True)

    def _lose(self, n_records: int) -> None:
        with self._mutex:
            self._n_lost += n_records
        self._on_lost(n_records)

    def _count_on_disk(self) -> None:
        """Keep the number of lost records where the other process reads it."""
        path, text = self.folder / f"{self.name}{LOST}", f"{self._n_lost:0{DIGITS}}"
        if self._n_counted == self._n_lost and path.is_file():
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("r+b" if path.is_file() else "wb") as file:
                file.write(text.encode())
            self._n_counted = self._n_lost


def close_segment(path: Path, schema: Schema) -> int:
    """Turn a segment into Parquet; returns how many broken lines were dropped."""
    table, n_broken = read_segment(path, schema)
    if len(table):
        with replacing(path.with_suffix(CLOSED)) as temporary:
            table.write_parquet(temporary, compression="zstd")
    path.unlink()
    return n_broken


def read_segment(path: Path, schema: Schema) -> tuple[pl.DataFrame, int]:
    """The complete lines of a segment as a table, and the number of others."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    n_broken = int(len(whole) < len(content))
    try:
        table = _parse(whole, schema)
    except pl.exceptions.PolarsError:  # a disk may lose lines in the middle too
        good = b"".join(_good_lines(whole))
        n_broken += whole.count(b"\n") - good.count(b"\n")
        table = _parse(good, schema)
    return table, n_broken


def writer_of(path: Path) -> str:
    """The name of the writer of a segment, a lock or a count."""
    return "-".join(path.stem.split("-")[:2])


def _parse(lines: bytes, schema: Schema) -> pl.DataFrame:
    plain: Schema = {**schema, TIME: pl.Int64}
    table = pl.read_ndjson(lines, schema=plain) if lines else pl.DataFrame(schema=plain)
    return table.with_columns(pl.col(TIME).cast(pl.Datetime("us", "UTC")))


def _good_lines(lines: bytes) -> Iterator[bytes]:
    for line in lines.splitlines(keepends=True):
        with suppress(ValueError):
            if isinstance(from_json(line), dict):
                yield line
