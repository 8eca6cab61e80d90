"""Append records to files from one thread: JSON lines, which become Parquet when closed."""

import logging
import mmap
import secrets
import struct
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
OPEN, CLOSED, COUNT, LOCK = ".jsonl", ".parquet", ".count", ".lock"
TIME = "time"  # in lines microseconds since 1970, in tables UTC
MB = 2**20
FAILURES = (OSError, pl.exceptions.PolarsError)
Schema = Mapping[str, type[pl.DataType]]


class Counts:
    """What a writer was given, what became of it, and what was lost; three numbers in a file.

    The file is mapped: it survives a killed process, and a full disk does not stop it. Where it
    cannot be made, the numbers are in memory alone.
    """

    GIVEN, SETTLED, LOST = range(3)
    FORMAT = struct.Struct("<3q")

    def __init__(self, path: Path) -> None:
        self._numbers = [0, 0, 0]
        self._file: mmap.mmap | bytearray = bytearray(self.FORMAT.size)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(self.FORMAT.size))
            with path.open("r+b") as file:
                self._file = mmap.mmap(file.fileno(), self.FORMAT.size)

    def add(self, place: int, n_records: int) -> None:
        """Add to one of the three."""
        self._numbers[place] += n_records
        self.FORMAT.pack_into(self._file, 0, *self._numbers)

    @classmethod
    def read(cls, path: Path) -> tuple[int, int, int]:
        """The numbers of any writer; zeros where there is no file."""
        content = path.read_bytes() if path.is_file() else b""
        return cls.FORMAT.unpack(content.ljust(cls.FORMAT.size, b"\0"))

    @classmethod
    def settle(cls, path: Path) -> int:
        """How many records a killed writer was given and did not write; 0 the next time."""
        given, settled, lost = cls.read(path)
        if given != settled:
            path.write_bytes(cls.FORMAT.pack(given, given, lost))
        return given - settled


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
        self._n_waiting = self._number = self._size = 0
        self._counts: Counts | None = None
        self._mutex, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._file: BinaryIO | None = None
        self._lock = FileLock(folder / f"{self.name}{LOCK}")
        self._is_failing, self._opened = False, 0.0

    def start(self) -> None:
        """Start the thread; it first closes what a killed process has left."""
        if self._thread is None:
            self._counts = Counts(self.folder / f"{self.name}{COUNT}")
            self._thread = threading.Thread(target=self._run, name=self.folder.name, daemon=True)
            self._thread.start()

    def put(self, item: Any, n_records: int = 1) -> None:
        """Hand an item over; never waits. Lost where the queue is full or the writer has ended."""
        self.start()
        with self._mutex:
            n_waiting = self._n_waiting + n_records
            is_lost = n_waiting > self.settings.queue or self._stop.is_set()
            if not is_lost:
                self._waiting.append(item)
                self._n_waiting = n_waiting
                self._count(Counts.GIVEN, n_records)
        if is_lost:
            self._lose(n_records)

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
        self._lock.release()
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()

    def _turn(self) -> None:
        with self._mutex:
            waiting, self._waiting = self._waiting, []
            n_records, self._n_waiting = self._n_waiting, 0
        if waiting:
            if not self._guarded(lambda: self._append(waiting)):
                self._lose(n_records)
            with self._mutex:
                self._count(Counts.SETTLED, n_records)
        if self._file is not None and self._is_due():
            self._guarded(self._close)

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
            LOGGER.warning("log-again")
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
        counts = [(path, Counts.read(path)) for path in self.folder.glob(f"*{COUNT}")]
        found += [path for path, (given, settled, _) in counts if given != settled]
        for name in sorted({writer_of(path) for path in found} - {self.name}):
            lock = FileLock(self.folder / f"{name}{LOCK}")
            with suppress(Timeout), lock.acquire(timeout=0):
                segments = sorted(self.folder.glob(f"{name}-*{OPEN}"))
                n_broken = sum(close_segment(path, self.schema) for path in segments)
                n_missing = Counts.settle(self.folder / f"{name}{COUNT}")
                if n_lost := max(n_broken, n_missing):
                    self._lose(n_lost)
                Path(lock.lock_file).unlink(missing_ok=True)

    def _lose(self, n_records: int) -> None:
        with self._mutex:
            self._count(Counts.LOST, n_records)
        self._on_lost(n_records)

    def _count(self, place: int, n_records: int) -> None:
        if self._counts is not None:
            self._counts.add(place, n_records)


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
