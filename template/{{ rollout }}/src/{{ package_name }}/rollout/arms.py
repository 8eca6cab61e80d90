"""Send one request to a version without sending its response, and compare two responses."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json
from starlette.types import ASGIApp, Message, Receive, Scope

from .. import serving
from .guard import SLOW

LOGGER = logging.getLogger(f"{serving.__name__}.rollout")  # where the service logs
BUSY = 503


@dataclass
class Reply:
    """What a version responds with. predictions: of /predict, one a row."""

    status: int
    predictions: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    scope: Scope = field(default_factory=dict)
    ms: float = 0.0

    @property
    def is_good(self) -> bool:
        """Every row was predicted by the model."""
        sources = {one["source"] for one in self.predictions}
        return self.status == 200 and sources == {"model"}

    @property
    def text(self) -> str:
        """What its error says."""
        body = b"".join(one.get("body", b"") for one in self.messages)
        try:
            return f"{self.status}: {from_json(body)['message']}"
        except (ValueError, KeyError, TypeError):
            return str(self.status)


async def read_body(receive: Receive) -> list[Message]:
    """The messages of a request, which the middleware has bounded by its Content-Length."""
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def replay(messages: list[Message], receive: Receive) -> Receive:
    """The same messages again, then those of the client."""
    waiting = iter(messages)

    async def next_message() -> Message:
        found = next(waiting, None)
        return await receive() if found is None else found

    return next_message


async def ask(app: ASGIApp, scope: Scope, messages: list[Message], receive: Receive) -> Reply:
    """The reply of a version; an error in it is a reply too."""
    facts: dict[str, Any] = {"request_id": scope["facts"]["request_id"], "status": None}
    inner, reply = {**scope, "facts": facts}, Reply(500)
    started = time.perf_counter()

    async def collect(message: Message) -> None:
        reply.messages.append(message)

    try:
        await app(inner, replay(messages, receive), collect)
        reply.status = reply.messages[0]["status"]
    except Exception:  # a version is another program, which fails in its own ways
        LOGGER.exception("rollout-failed", extra={"facts": facts})
    reply.predictions, reply.scope = facts.get("predictions", []), inner
    reply.ms = (time.perf_counter() - started) * 1000
    return reply


def compare(champion: Reply, challenger: Reply, distance: float) -> Mapping[str, float]:
    """Guard -> share of the rows in which only the challenger fails, or in which they differ.

    Empty where the champion does not respond with 200, or the challenger is busy. distance: up to
    which two numbers do not differ.
    """
    if champion.status != 200 or challenger.status == BUSY:
        return {}
    if challenger.status != 200 or len(challenger.predictions) != len(champion.predictions):
        return {"errors": 1.0}
    pairs = [
        (one, other)
        for one, other in zip(champion.predictions, challenger.predictions, strict=True)
        if one["source"] == "model"
    ]
    found = {"errors": 0.0}
    if pairs:
        reasons = [other["reason"] for _, other in pairs if other["source"] != "model"]
        found[SLOW] = reasons.count(SLOW) / len(pairs)
        found["fallbacks"] = len(reasons) / len(pairs) - found[SLOW]
    if both := [pair for pair in pairs if pair[1]["source"] == "model"]:
        found["disagreement"] = sum(differ(*pair, distance) for pair in both) / len(both)
    return found


def differ(one: Mapping[str, Any], other: Mapping[str, Any], distance: float) -> bool:
    """Whether two predictions are different classes, or numbers further apart."""
    first, second = one["prediction"], other["prediction"]
    if isinstance(first, str) or isinstance(second, str):
        return bool(first != second)
    return bool(abs(first - second) > distance)
