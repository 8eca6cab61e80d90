"""What the service does not take on: no key, too often, too many at once, too large, too slow."""

from __future__ import annotations

import asyncio
import hmac
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .problems import RETRY_AFTER, Refused

if TYPE_CHECKING:
    from fastapi import Request

    from ..configs.service import Limits

# Those the platform asks all the time, and must be able to ask when we are busy.
PROBES = frozenset({"/health", "/ready"})
# A client more costs a number; beyond this the one that was silent longest is forgotten.
MAX_CLIENTS = 10_000
RETRY_S = 1


class Rate:
    """At most `per_s` requests a second of each client, and `burst` at once.

    One number a client is kept: the time at which it will have used up nothing. Source: the
    generic cell rate algorithm of ITU-T I.371.
    """

    def __init__(self, per_s: float | None, burst: int) -> None:
        self.interval_s = 1 / per_s if per_s else 0.0
        self.slack_s = self.interval_s * (burst - 1)
        self.free_at: dict[str, float] = {}

    def wait_s(self, client: str, now: float) -> float:
        """0 where the request is admitted, else the seconds after which it would be."""
        free_at = max(self.free_at.pop(client, now), now)
        excess = free_at - now - self.slack_s
        self.free_at[client] = free_at if excess > 0 else free_at + self.interval_s
        if len(self.free_at) > MAX_CLIENTS:
            del self.free_at[next(iter(self.free_at))]
        return max(excess, 0.0)


class Gate:
    """Lets requests in, and counts those that are inside."""

    def __init__(self, limits: Limits, key: str | None) -> None:
        self.limits, self.key, self.n_inside = limits, key, 0
        self.rate = Rate(limits.requests_per_second, limits.burst)

    @contextmanager
    def admitted(self, scope: dict[str, Any]) -> Iterator[None]:
        """Within, the request counts as one under way; raises Refused where it may not be."""
        if scope["path"] not in PROBES:
            self._check_rate(scope)
        if scope["method"] != "POST":
            yield
            return
        self._check_key(scope)
        if self.n_inside >= self.limits.concurrency:
            raise Refused(
                "too_busy",
                f"{self.n_inside} requests are under way, which is all that is allowed; try again",
                headers={RETRY_AFTER: str(RETRY_S)},
            )
        self.n_inside += 1
        try:
            yield
        finally:
            self.n_inside -= 1

    def _check_rate(self, scope: dict[str, Any]) -> None:
        client = scope.get("client") or ("unknown", 0)
        wait_s = self.rate.wait_s(client[0], time.monotonic())
        if wait_s:
            raise Refused(
                "too_often",
                f"more than {self.limits.requests_per_second:g} requests a second; wait",
                headers={RETRY_AFTER: str(math.ceil(wait_s))},
            )

    def _check_key(self, scope: dict[str, Any]) -> None:
        if self.key is None:
            return
        sent = header(scope, b"x-api-key")
        # Compared in constant time: a difference in microseconds would tell the key by and by.
        if not hmac.compare_digest(sent, self.key.encode()):
            raise Refused(
                "no_key",
                "the header X-API-Key is missing or wrong",
                headers={"WWW-Authenticate": "ApiKey"},
            )


def header(scope: Any, name: bytes) -> bytes:
    """A header of the request, empty where it has none; `name` in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body, of JSON; raises Refused as soon as it is too large, too slow or something else."""
    kind = header(request.scope, b"content-type").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        seen = kind.decode("latin-1") or "nothing"
        raise Refused("wrong_type", f"Content-Type must be application/json, got {seen[:60]}")
    declared = header(request.scope, b"content-length")
    if declared.isdigit() and int(declared) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_s):
            return await _received(request, limits)
    except TimeoutError as error:
        message = f"the body took longer than {limits.body_s:g} s to arrive"
        raise Refused("too_slow", message) from error


async def _received(request: Request, limits: Limits) -> bytes:
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Refused("too_slow", "the client went away before its body had arrived")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limits.body_bytes:
            raise _too_large(limits)
    return body


def _too_large(limits: Limits) -> Refused:
    message = f"the body must be at most {limits.body_bytes} bytes; send fewer rows"
    # Whoever sends too much is not read to the end, so the connection cannot be used again.
    return Refused("too_large", message, headers={"Connection": "close"})
