"""Around each request: id, limits, metrics, one line of log."""

import asyncio
import json
import logging
import secrets
import time
from datetime import UTC, datetime
from typing import Annotated, Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from pydantic import Field
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..configs.settings import Count, Section

LOGGER = logging.getLogger(__package__)
MAX_CLIENTS = 10_000
Positive = Annotated[float, Field(gt=0)]


class Limits(Section):
    """How much the service takes on."""

    concurrency: Count
    requests_per_second: Positive | None
    burst: Count
    body_bytes: Count
    body_s: Positive
    rows: Count


class ApiError(Exception):
    """An error with a status; code for programs, message for people, fields by name."""

    def __init__(
        self, status: int, code: str, message: str, fields: Any = (), wait_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.fields, self.wait_s = status, code, fields, wait_s

    def response(self, request_id: str) -> JSONResponse:
        """The same shape for every error."""
        content = {"error": self.code, "message": str(self), "fields": list(self.fields)}
        headers = None if self.wait_s is None else {"Retry-After": str(self.wait_s)}
        return JSONResponse(content | {"request_id": request_id}, self.status, headers)


class Metrics:
    """What Prometheus reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        every: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("requests", "Requests", ["path", "status"], "service", **every)
        self.seconds = Histogram("request_seconds", "Latency", ["path"], "service", **every)
        self.n_in = Counter("request_bytes", "Bytes of bodies", (), "service", **every)
        self.n_out = Counter("response_bytes", "Bytes sent", (), "service", **every)
        self.predictions = Counter(
            "predictions", "Predictions", ["source", "reason"], "service", **every
        )


class RateLimiter:
    """A bucket of `burst` requests per client, refilled at `per_second`."""

    def __init__(self, per_second: float | None, burst: int) -> None:
        self.per_second, self.burst = per_second, burst
        self._clients: dict[str, tuple[float, float]] = {}  # requests left, when

    def wait_s(self, client: str, now: float) -> float:
        """0 if this request may pass, else seconds until one may."""
        if self.per_second is None:
            return 0.0
        if len(self._clients) >= MAX_CLIENTS:
            self._clients.clear()
        left, before = self._clients.get(client, (float(self.burst), now))
        left = min(self.burst, left + (now - before) * self.per_second)
        passes = left >= 1
        self._clients[client] = (left - passes, now)
        return 0.0 if passes else (1 - left) / self.per_second


class RequestMiddleware:
    """Reads each body within its limits before the request takes one of the slots."""

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics, paths: set[str]) -> None:
        self.app, self.limits, self.metrics, self.paths = app, limits, metrics, paths
        self.rate = RateLimiter(limits.requests_per_second, limits.burst)
        self.n_running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an HTTP request; pass other scopes on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, facts = time.perf_counter(), {"request_id": secrets.token_hex(16)}
        scope["facts"] = facts
        status, n_out = 500, 0

        async def send_with_id(message: Message) -> None:
            nonlocal status, n_out
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", facts["request_id"].encode()))
            n_out += len(message.get("body", b""))
            await send(message)

        try:
            await self._handle(scope, receive, send_with_id)
        except ApiError as error:
            await error.response(facts["request_id"])(scope, receive, send_with_id)
        except Exception:  # a defect: its place is for the log, not for the caller
            LOGGER.exception("failed", extra={"facts": facts})
            broken = ApiError(500, "internal_error", "internal error; see the log for request_id")
            await broken.response(facts["request_id"])(scope, receive, send_with_id)
        finally:
            self._record(scope, status, n_out, time.perf_counter() - started)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            return await self.app(scope, receive, send)
        client = scope["client"][0] if scope["client"] else ""
        if wait_s := self.rate.wait_s(client, time.monotonic()):
            raise ApiError(429, "too_many_requests", "too many requests", wait_s=int(wait_s) + 1)
        body = await self._read_body(scope, receive)
        if self.n_running >= self.limits.concurrency:
            raise ApiError(503, "too_busy", "too many requests at once", wait_s=1)
        self.n_running += 1
        try:
            await self.app(scope, _replay(body, receive), send)
        finally:
            self.n_running -= 1

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        if not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            raise ApiError(415, "wrong_type", "Content-Type must be application/json")
        most, body, more = self.limits.body_bytes, b"", True
        try:
            async with asyncio.timeout(self.limits.body_s):
                while more:
                    message = await receive()
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > most:
                        raise ApiError(413, "too_large", f"the body must be at most {most} bytes")
        except TimeoutError:
            text = f"the body must arrive within {self.limits.body_s:g} s"
            raise ApiError(408, "too_slow", text) from None
        self.metrics.n_in.inc(len(body))
        return body

    def _record(self, scope: Scope, status: int, n_out: int, seconds: float) -> None:
        path = scope["path"] if scope["path"] in self.paths else "other"
        self.metrics.requests.labels(path, status).inc()
        self.metrics.seconds.labels(path).observe(seconds)
        self.metrics.n_out.inc(n_out)
        facts = {"method": scope["method"], "path": path, "status": status}
        ms = round(seconds * 1000, 3)
        LOGGER.info("request", extra={"facts": {**facts, "ms": ms, **scope["facts"]}})


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, then what the server says."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, and the facts of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
