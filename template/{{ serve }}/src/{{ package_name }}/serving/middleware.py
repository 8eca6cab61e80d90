"""Around each request: id, key, rate, metrics and one line of log."""

import hmac
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from pydantic_core import to_json
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..configs.settings import Count, Section

LOGGER = logging.getLogger(__package__)
LOST = Counter("log_lines_lost", "Lines not logged", namespace="service", registry=None)


class Limits(Section):
    """How much the service takes on."""

    concurrency: Count
    requests_per_second: Count | None
    body_bytes: Count
    rows: Count


class ApiError(Exception):
    """An error with a status; code for programs, message for people, fields by name."""

    def __init__(self, status: int, code: str, message: str, fields: Any = ()) -> None:
        self.status = status
        self.content = {"error": code, "message": message, "fields": list(fields)}

    def response(self, scope: Scope) -> JSONResponse:
        """The same shape for every error."""
        content = self.content | {"request_id": scope["facts"]["request_id"]}
        headers = {"Retry-After": "1"} if self.status in (429, 503) else None
        return JSONResponse(content, self.status, headers)


BROKEN = ApiError(500, "internal", "internal error; the log has it by request_id")


class Metrics:
    """What Prometheus reads at /metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        to: dict[str, Any] = {"namespace": "service", "registry": self.registry}
        ProcessCollector(**to)
        self.registry.register(LOST)
        self.requests = Counter("requests", "Requests", ["path", "status"], **to)
        self.seconds = Histogram("request_seconds", "Latency", ["path"], **to)
        self.n_in = Counter("request_bytes", "Bytes received", **to)
        self.n_out = Counter("response_bytes", "Bytes sent", **to)
        self.predictions = Counter("predictions", "Predictions", ["source", "reason"], **to)


class RequestMiddleware:
    """keys: any of them is valid as X-API-Key; none lets everyone in.

    paths: for the metrics. recorders: are called after each response, before its line of log.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        metrics: Metrics,
        keys: Sequence[str],
        paths: set[str],
        recorders: Sequence[Callable[[Scope], None]],
    ) -> None:
        self.app, self.limits, self.metrics, self.paths = app, limits, metrics, paths
        self.recorders = recorders
        self.keys = [key.encode() for key in keys]
        self._second, self._n_requests = 0, dict[str, int]()  # of each client in this second

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an HTTP request; pass other scopes on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, request_id = time.perf_counter(), secrets.token_hex(16)
        scope["facts"] = facts = {"request_id": request_id, "status": None}  # for the log
        ended = None  # when the response was complete; extensions may work on after it

        async def send_with_id(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            self.metrics.n_out.inc(len(message.get("body", b"")))
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = time.perf_counter()

        try:
            self._check(scope)
            await self.app(scope, receive, send_with_id)
        except ApiError as error:
            await error.response(scope)(scope, receive, send_with_id)
        except Exception:  # a defect; the log has its place, the caller the id
            LOGGER.exception("failed", extra={"facts": facts})
            if facts["status"] is None:  # no response has begun
                await BROKEN.response(scope)(scope, receive, send_with_id)
        self._record(scope, (ended or time.perf_counter()) - started)

    def _check(self, scope: Scope) -> None:
        """Raise ApiError for a POST with a wrong key, type or size, or one too many."""
        if scope["method"] != "POST":
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-api-key", b"")
        if self.keys and not any(hmac.compare_digest(given, key) for key in self.keys):
            raise ApiError(401, "no_key", "X-API-Key is missing or wrong")
        self._count(scope["client"][0] if scope["client"] else "")
        if not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            raise ApiError(415, "wrong_type", "Content-Type must be application/json")
        size, most = headers.get(b"content-length", b""), self.limits.body_bytes
        if not size.isdigit():  # a body in chunks; nothing would bound it before it has arrived
            raise ApiError(411, "no_length", "Content-Length is missing")
        if int(size) > most:
            raise ApiError(413, "too_large", f"the body must be at most {most} bytes")
        self.metrics.n_in.inc(int(size))

    def _count(self, client: str) -> None:
        """Raise ApiError where this client has sent too many requests in this second."""
        if self._second != int(time.monotonic()):
            self._second, self._n_requests = int(time.monotonic()), {}
        self._n_requests[client] = self._n_requests.get(client, 0) + 1
        most = self.limits.requests_per_second
        if most is not None and self._n_requests[client] > most:
            raise ApiError(429, "too_often", "too many requests in this second")

    def _record(self, scope: Scope, seconds: float) -> None:
        facts = scope["facts"]
        path = scope["path"] if scope["path"] in self.paths else "other"
        self.metrics.requests.labels(path, facts["status"]).inc()
        self.metrics.seconds.labels(path).observe(seconds)
        for one in facts.get("predictions", ()):
            self.metrics.predictions.labels(one["source"], one["reason"] or "").inc()
        for record in self.recorders:
            record(scope)
        line = {"method": scope["method"], "path": path, "ms": round(seconds * 1000, 3), **facts}
        LOGGER.info("request", extra={"facts": line})


class JsonLog(logging.Handler):
    """Lines to an unbuffered stream; those that it does not take are counted.

    n_lost: how many in this process. A line that a full disk cut off ends before the next.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.stream, self.n_lost, self._is_cut = stream, 0, False
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line."""
        try:
            rest = b"\n" * self._is_cut + self.format(record).encode() + b"\n"
            while rest:
                n_written = self.stream.write(rest)
                self._is_cut = n_written < len(rest)
                rest = rest[n_written:]
        except Exception:  # a full disk, a closed pipe, a fact that is no JSON
            self.n_lost += 1
            LOST.inc()


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, and the facts of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": when, "level": record.levelname.lower(), "event": record.getMessage()}
        error = {"error": self.formatException(record.exc_info)} if record.exc_info else {}
        return to_json(line | getattr(record, "facts", {}) | error, fallback=str).decode()
