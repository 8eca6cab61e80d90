"""Around each request: an id, the gate, a time, the counters, a log line, one shape of refusal.

Plain ASGI: a middleware of Starlette's BaseHTTPMiddleware starts a task for each request.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from .limits import PROBES, header
from .problems import Refused

if TYPE_CHECKING:
    from .state import State

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

NOTE = "note"
# What a caller's own request id may be. Anything goes into the log, so not anything may come.
FIT_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
GONE = 499  # nginx's number for a client that did not wait; it is logged and never sent


class Note:
    """What is known of a request under way.

    facts: for its log line. headers: for its answer.
    """

    __slots__ = ("facts", "headers", "n_in", "n_out", "request_id", "status")

    def __init__(self, scope: Any, version: bytes) -> None:
        sent = header(scope, b"x-request-id")
        self.request_id = sent.decode() if FIT_ID.fullmatch(sent) else os.urandom(16).hex()
        self.status, self.n_in, self.n_out = GONE, 0, 0
        self.facts: dict[str, Any] = {}
        self.headers = [
            (b"x-request-id", self.request_id.encode()),
            (b"x-model-version", version),
        ]


class Envelope:
    """The middleware; `paths` are those that are counted under their own name."""

    def __init__(self, app: App, *, state: State, paths: frozenset[str]) -> None:
        self.app, self.paths = app, paths
        self.gate, self.metrics, self.lines = state.gate, state.metrics, state.lines
        self.model_version = state.release.version
        self.version = self.model_version.encode()

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Handle one request, or pass on what is none."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        note = scope[NOTE] = Note(scope, self.version)
        answer = _noting(note, send)
        try:
            with self.gate.admitted(scope):
                await self.app(scope, receive, answer)
        except Refused as refused:
            await self._refuse(refused, note, scope, receive, answer)
        except Exception as error:  # ours: the caller learns the id, the log learns the rest
            self.lines.failed("broken", error, request_id=note.request_id)
            ours = Refused("broken", "the service failed; its log tells why by the request id")
            await self._refuse(ours, note, scope, receive, answer)
        finally:
            self._tell(scope, note, time.perf_counter() - started)

    async def _refuse(
        self, refused: Refused, note: Note, scope: Any, receive: Any, answer: Send
    ) -> None:
        note.facts |= {"error": refused.code, "why": refused.message}
        await refused.response(note.request_id)(scope, receive, answer)

    def _tell(self, scope: Any, note: Note, seconds: float) -> None:
        path = scope["path"] if scope["path"] in self.paths else "other"
        self.metrics.count(path, note.status, seconds, note.n_in, note.n_out)
        if path in PROBES:  # asked every few seconds; the metrics count them
            return
        facts = {
            "event": "request",
            "request_id": note.request_id,
            "method": scope["method"],
            "path": path,
            "status": note.status,
            "latency_ms": round(seconds * 1e3, 3),
            "model_version": self.model_version,
        }
        self.lines.add("info" if note.status < 500 else "error", **(facts | note.facts))


def _noting(note: Note, send: Send) -> Send:
    """`send` that adds the headers, and notes status and size."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            note.status = message["status"]
            message["headers"] = [*message["headers"], *note.headers]
        else:
            note.n_out += len(message.get("body", b""))
        await send(message)

    return answer
