"""One JSON line an event, written when the reader takes it, so that a slow one stops no request."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import time
import traceback
from collections import deque
from datetime import UTC, datetime
from typing import Any, BinaryIO

from pydantic_core import to_json

# Lines kept while nobody reads. Beyond it new ones are dropped, counted and told of.
MAX_WAITING = 50_000
PAUSE_S = 0.05
# A pipe that takes anything takes this much without waiting: POSIX, PIPE_BUF.
CHUNK_BYTES = 4096


class Lines:
    """Events on their way to a stream.

    No thread writes them: on a busy machine each turn of one took Python from the requests for as
    long as the system let both wait, which doubled the slowest answers.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.n_dropped = stream, 0
        self._waiting: deque[bytes] = deque()
        self._begun = b""  # what is left of a line that the reader took a part of

    def add(self, level: str, event: str, **facts: Any) -> None:
        """Note an event; returns at once."""
        if len(self._waiting) >= MAX_WAITING:
            self.n_dropped += 1
            return
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        facts = {"time": when, "level": level, "event": event, **facts}
        self._waiting.append(to_json(facts, fallback=str, inf_nan_mode="null") + b"\n")

    def failed(self, event: str, error: BaseException, **facts: Any) -> None:
        """Note an error, with the place where it was raised."""
        trace = "".join(traceback.format_exception(error))
        self.add("error", event, error=f"{type(error).__name__}: {error}", trace=trace, **facts)

    async def keep_writing(self) -> None:
        """Write every now and then, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            self.write()

    def write(self) -> None:
        """Write what the reader takes without waiting; where it has gone, nothing is kept."""
        try:
            while self._ready() and takes_more(self.stream):
                self._begun = self._begun[put(self.stream, self._begun[:CHUNK_BYTES]) :]
        except (OSError, ValueError):
            self._waiting.clear()
            self._begun = b""

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what waits; gives up on a reader that takes longer."""
        until = time.monotonic() + timeout_s
        self.write()
        while self._ready() and time.monotonic() < until:
            time.sleep(0.01)
            self.write()

    def _ready(self) -> bytes:
        """At least a chunk of what waits, where there is as much."""
        while self._waiting and len(self._begun) < CHUNK_BYTES:
            self._begun += self._waiting.popleft()
        return self._begun


def takes_more(stream: BinaryIO) -> bool:
    """Whether a chunk can be written without waiting; memory and files always take it."""
    try:
        return bool(select.select([], [stream.fileno()], [], 0)[1])
    except OSError:  # it is in memory, or the system can ask sockets alone
        return True


def put(stream: BinaryIO, chunk: bytes) -> int:
    """Write without a buffer of Python's; returns how many bytes were taken."""
    try:
        number = stream.fileno()
    except OSError:
        return stream.write(chunk)
    return os.write(number, chunk)


class Forwarded(logging.Handler):
    """What libraries log, as events."""

    def __init__(self, lines: Lines) -> None:
        super().__init__(logging.WARNING)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the record on."""
        facts: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            self.lines.failed("library", record.exc_info[1], **facts)
        else:
            self.lines.add(record.levelname.lower(), "library", **facts)
