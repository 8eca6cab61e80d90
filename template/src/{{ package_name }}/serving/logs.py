"""One JSON line an event, written by a thread, so that a slow reader stops no request."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import deque
from datetime import UTC, datetime
from typing import Any, BinaryIO

from pydantic_core import to_json

# Lines kept while nobody reads. Beyond it new ones are dropped, counted and told of.
MAX_WAITING = 50_000
PAUSE_S = 0.05


class Lines:
    """Events on their way to a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.n_dropped = stream, 0
        self._waiting: deque[tuple[float, dict[str, Any]]] = deque()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def add(self, level: str, event: str, **facts: Any) -> None:
        """Note an event; returns at once."""
        if len(self._waiting) >= MAX_WAITING:
            self.n_dropped += 1
            return
        self._waiting.append((time.time(), {"level": level, "event": event, **facts}))

    def failed(self, event: str, error: BaseException, **facts: Any) -> None:
        """Note an error, with the place where it was raised."""
        trace = "".join(traceback.format_exception(error))
        self.add("error", event, error=f"{type(error).__name__}: {error}", trace=trace, **facts)

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what waits; gives up on a reader that takes longer."""
        self._end.set()
        self._thread.join(timeout_s)

    def _write(self) -> None:
        ended = False
        while not ended:
            ended = self._end.wait(PAUSE_S)
            try:
                self._flush()
            except (OSError, ValueError):  # the reader has gone, or the stream was closed
                self._waiting.clear()

    def _flush(self) -> None:
        if not self._waiting:
            return
        ready = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self.stream.write(b"".join(_line(at, facts) for at, facts in ready))
        self.stream.flush()


def _line(at: float, facts: dict[str, Any]) -> bytes:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return to_json({"time": when, **facts}, fallback=str, inf_nan_mode="null") + b"\n"


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
