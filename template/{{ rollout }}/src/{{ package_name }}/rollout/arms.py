"""Send one request to a version without sending its response, and compare two responses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from starlette.types import ASGIApp, Message, Receive, Scope

from ..serving.middleware import LOGGER
from .guard import SLOW, gap

BUSY = 503
FAULTS = ("fallbacks", SLOW, "disagreement")  # of a row
Prediction = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What a version responds with. scope: that of the request, as the version left it."""

    status: int
    predictions: list[Prediction]  # of /predict, one a row
    messages: list[Message]
    scope: Scope

    @property
    def is_good(self) -> bool:
        """Whether every row was predicted by the model."""
        return self.status == 200 and all(one["source"] == "model" for one in self.predictions)

    @property
    def error(self) -> str:
        """Status and message, where the status is not 200."""
        if self.status == 200 or not self.messages:
            return ""
        body = b"".join(one.get("body", b"") for one in self.messages)
        return f"{self.status}: {from_json(body)['message']}"


async def read_body(receive: Receive) -> list[Message]:
    """The messages of a request, which the middleware has bounded by its Content-Length."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


async def ask(app: ASGIApp, scope: Scope, body: list[Message], receive: Receive) -> Reply:
    """The reply of a version; an error in it is a reply too. body: of `read_body`."""
    facts, messages, waiting = dict(scope["facts"]), list[Message](), iter(body)
    inner = {**scope, "facts": facts}

    async def receive_again() -> Message:
        return next(waiting, None) or await receive()

    async def collect(message: Message) -> None:
        messages.append(message)

    try:
        await app(inner, receive_again, collect)
    except Exception:  # a version is another program, which fails in its own ways
        LOGGER.exception("rollout-failed", extra={"facts": facts})
    status = messages[0]["status"] if messages else 500
    return Reply(status, facts.get("predictions", []), messages, inner)


def compare(champion: Reply, challenger: Reply, distance: float) -> Mapping[str, float]:
    """Guard -> share of the rows in which only the challenger fails, or in which they differ.

    Empty where the champion does not respond with 200, or the challenger is busy. distance: up to
    which two numbers do not differ; 0 of classes.
    """
    if champion.status != 200 or challenger.status == BUSY:
        return {}
    if challenger.status != 200:
        return {"errors": 1.0}
    rows = zip(champion.predictions, challenger.predictions, strict=True)
    found = [_fault(*pair, distance) for pair in rows if pair[0]["source"] == "model"]
    shares = {name: found.count(name) / len(found) for name in FAULTS if found}
    return {"errors": 0.0, **shares}


def _fault(own: Prediction, other: Prediction, distance: float) -> str | None:
    """The guard for which this row of the challenger counts."""
    if other["source"] != "model":
        return SLOW if other["reason"] == SLOW else "fallbacks"
    is_far = gap(own["prediction"], other["prediction"]) > distance
    return "disagreement" if is_far else None
