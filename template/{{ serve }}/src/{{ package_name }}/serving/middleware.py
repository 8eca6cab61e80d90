"""Around each request: id, key, rate, metrics and one line of log."""

import hmac
import logging
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..configs.settings import Count, Section

LOGGER = logging.getLogger(__package__)
MAX_CLIENTS = 10_000
NO_LIMIT = 1e9  # requests per second


class Limits(Section):
    """How much the service takes on."""

    concurrency: Count
    requests_per_second: Annotated[float, Field(gt=0)] | None
    burst: Count
    body_bytes: Count
    rows: Count


class ApiError(Exception):
    """An error with a status; code for programs, message for people, fields by name."""

    def __init__(
        self, status: int, code: str, message: str, fields: Any = (), wait_s: int | None = None
    ) -> None:
        self.status, self.headers = status, {} if wait_s is None else {"Retry-After": str(wait_s)}
        self.content = {"error": code, "message": message, "fields": list(fields)}

    def response(self, scope: Scope) -> JSONResponse:
        """The same shape for every error."""
        content = self.content | {"request_id": scope["facts"]["request_id"]}
        return JSONResponse(content, self.status, self.headers)


class Metrics:
    """What Prometheus reads at /metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        to: dict[str, Any] = {"namespace": "service", "registry": self.registry}
        ProcessCollector(**to)
        self.requests = Counter("requests", "Requests", ["path", "status"], **to)
        self.seconds = Histogram("request_seconds", "Latency", ["path"], **to)
        self.n_in = Counter("request_bytes", "Bytes received", **to)
        self.n_out = Counter("response_bytes", "Bytes sent", **to)
        self.predictions = Counter("predictions", "Predictions", ["source", "reason"], **to)


class RateLimiter:
    """A bucket of `burst` requests for each client, refilled at `per_second`."""

    def __init__(self, per_second: float | None, burst: int) -> None:
        self.per_second, self.burst = per_second or NO_LIMIT, burst
        self._left: dict[str, tuple[float, float]] = {}  # requests, as of this time

    def wait_s(self, client: str, now: float) -> float:
        """Seconds until this client may send a request; 0: this one passes."""
        if len(self._left) >= MAX_CLIENTS:
            self._left.clear()
        left, before = self._left.get(client, (self.burst, now))
        left = min(self.burst, left + (now - before) * self.per_second)
        self._left[client] = (left - (left >= 1), now)
        return max(0.0, (1 - left) / self.per_second)


class RequestMiddleware:
    """keys: any of them is valid as X-API-Key; none lets everyone in. paths: for the metrics."""

    def __init__(
        self, app: ASGIApp, limits: Limits, metrics: Metrics, keys: Sequence[str], paths: set[str]
    ) -> None:
        self.app, self.limits, self.metrics, self.paths = app, limits, metrics, paths
        self.keys = [key.encode() for key in keys]
        self.rate = RateLimiter(limits.requests_per_second, limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an HTTP request; pass other scopes on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, sent = time.perf_counter(), {"status": 500, "bytes": 0}
        scope["facts"] = {"request_id": secrets.token_hex(16)}

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                message["headers"].append((b"x-request-id", scope["facts"]["request_id"].encode()))
            sent["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, receive, send_with_id)
        except ApiError as error:
            await error.response(scope)(scope, receive, send_with_id)
        except Exception:  # a defect; the log has its place, the caller the id
            LOGGER.exception("failed", extra={"facts": scope["facts"]})
            broken = ApiError(500, "internal", "internal error; the log has it by request_id")
            await broken.response(scope)(scope, receive, send_with_id)
        self._record(scope, sent, time.perf_counter() - started)

    def _check(self, scope: Scope) -> None:
        """Raise ApiError for a POST with a wrong key, type or size, or one too many."""
        if scope["method"] != "POST":
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-api-key", b"")
        if self.keys and not any(hmac.compare_digest(given, key) for key in self.keys):
            raise ApiError(401, "no_key", "X-API-Key is missing or wrong")
        client = scope["client"][0] if scope["client"] else ""
        if wait_s := self.rate.wait_s(client, time.monotonic()):
            raise ApiError(429, "too_often", "too many requests", wait_s=int(wait_s) + 1)
        if not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            raise ApiError(415, "wrong_type", "Content-Type must be application/json")
        size, most = headers.get(b"content-length", b""), self.limits.body_bytes
        if not size.isdigit():  # a body in chunks; nothing would bound it before it has arrived
            raise ApiError(411, "no_length", "Content-Length is missing")
        if int(size) > most:
            raise ApiError(413, "too_large", f"the body must be at most {most} bytes")
        self.metrics.n_in.inc(int(size))

    def _record(self, scope: Scope, sent: dict[str, int], seconds: float) -> None:
        path = scope["path"] if scope["path"] in self.paths else "other"
        self.metrics.requests.labels(path, sent["status"]).inc()
        self.metrics.seconds.labels(path).observe(seconds)
        self.metrics.n_out.inc(sent["bytes"])
        facts = {"method": scope["method"], "path": path, "status": sent["status"]}
        ms = round(seconds * 1000, 3)
        LOGGER.info("request", extra={"facts": {**facts, "ms": ms, **scope["facts"]}})


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, and the facts of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": when, "level": record.levelname.lower(), "event": record.getMessage()}
        error = {"error": self.formatException(record.exc_info)} if record.exc_info else {}
        return to_json(line | getattr(record, "facts", {}) | error, fallback=str).decode()
