"""Append records to files: JSON lines, which become Parquet when closed."""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout
from pydantic_core import to_json

from ..serving.middleware import LOGGER
from ..utils.files import replacing

OPEN, CLOSED, COUNT, LOCK = ".jsonl", ".parquet", ".count", ".lock"
TIME = "time"  # in lines microseconds since 1970, in tables UTC
Schema = Mapping[str, pl.DataType]


class SegmentWriter:
    """Appends records to segments in `folder`; what the disk refuses is counted, never raised.

    on_lost: is given each number that is lost.
    """

    def __init__(self, folder: Path, on_lost: Callable[[int], None]) -> None:
        self.folder, self.n_lost, self._on_lost = folder, 0, on_lost
        self._count = self._new_path().with_suffix(COUNT)
        self._file: FileIO | None = None
        self._is_failing = False

    def put(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Append a line for each record; a process killed afterwards loses none."""
        lines = [to_json(record) + b"\n" for record in records]
        try:
            append_whole(self._file or self._open(), b"".join(lines))
            self._is_failing = False
        except OSError as error:
            self._lose(len(lines))
            if not self._is_failing:  # the first of several in a row
                LOGGER.error("log-failing", extra={"facts": {"error": str(error)}})
            self._is_failing = True

    def end_segment(self) -> None:
        """Leave the segment to `close_segments`; the next record begins another."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._lock.release()

    def _open(self) -> FileIO:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._count.is_file():  # of its full size: a full disk would not let it grow
            self._count.write_bytes(b"%020d" % self.n_lost)
        path = self._new_path()
        self._lock = FileLock(path.with_suffix(LOCK), timeout=0)
        self._lock.acquire()
        self._file = path.open("ab", buffering=0)
        return self._file

    def _lose(self, n_records: int) -> None:
        self.n_lost += n_records
        self._on_lost(n_records)
        with suppress(OSError), self._count.open("r+b") as file:
            file.write(b"%020d" % self.n_lost)

    def _new_path(self) -> Path:
        return self.folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}{OPEN}"


def append_whole(file: FileIO, lines: bytes) -> None:
    """Append to a file without a buffer; raises OSError where there is no room, and adds none."""
    size = file.seek(0, os.SEEK_END)
    try:
        if file.write(lines) != len(lines):
            raise OSError(f"{file.name}: no room")
    except OSError:
        file.truncate(size)  # no half line stays
        raise


def close_segments(folder: Path, schema: Schema) -> None:
    """Make Parquet of segments that no process writes; their broken lines count as lost."""
    for path in sorted(folder.glob(f"*{OPEN}")):
        lock = FileLock(path.with_suffix(LOCK), timeout=0)
        with suppress(Timeout), lock:  # its writer holds it
            if path.is_file():
                _close(path, schema)
            Path(lock.lock_file).unlink()


def _close(path: Path, schema: Schema) -> None:
    table, n_broken = read_segment(path, schema)
    if len(table):
        with replacing(path.with_suffix(CLOSED)) as temporary:
            table.write_parquet(temporary)
    if n_broken:
        path.with_suffix(COUNT).write_bytes(b"%020d" % n_broken)
    path.unlink()


def read_segment(path: Path, schema: Schema) -> tuple[pl.DataFrame, int]:
    """The whole lines of a segment as a table, and the number of others, as a kill leaves them."""
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.startswith(b"{") and line.endswith(b"}\n")]
    table = pl.read_ndjson(b"".join(whole), schema={**schema, TIME: pl.Int64()})
    return table.cast({TIME: schema[TIME]}), len(lines) - len(whole)
