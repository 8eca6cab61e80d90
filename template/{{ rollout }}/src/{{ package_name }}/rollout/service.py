"""The running service chooses the version that answers each request."""

import asyncio
import hashlib
from typing import Any

from fastapi import FastAPI
from prometheus_client import Counter
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..configs.load import load
from ..serving.extensions import Context
from ..serving.middleware import ApiError
from .arms import ask, compare, read_body
from .follow import Active, Follower
from .guard import Settings

CONF = "conf/rollout.yaml"
PLACE = 10
PATH = "/rollout"


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The champion of the moment in place of `app`, the one of the start."""
    assert isinstance(app, FastAPI)
    rollout = Rollout(app, context, load(context.root, CONF, Settings))
    context.tasks.append(rollout.follower.run)
    context.paths.add(PATH)
    return rollout


def has_canary(key: str, version: str, share: float) -> bool:
    """Whether a key gets the challenger: the same each time, and still when the share grows."""
    digest = hashlib.sha256(f"{version} {key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


class Rollout:
    """Answers with the champion, and with the challenger as the plan says."""

    def __init__(self, app: FastAPI, context: Context, settings: Settings) -> None:
        self.first, self.header = app, settings.header.lower().encode()
        self.follower = Follower(app, context, settings)
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.aborts = Counter("rollout_aborts", "Rollouts that were ended", ["guard"], **to)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; pass other scopes on to the interface of the start."""
        active = self.follower.active
        if scope["type"] != "http":
            return await self.first(scope, receive, send)
        path, plan = scope["path"], active.plan
        if path == PATH:
            return await JSONResponse(_status(active))(scope, receive, send)
        if path == "/explain" and plan.switched_off:
            raise ApiError(503, "switched_off", "the model is switched off")
        if active.challenger and path == "/predict" and scope["method"] == "POST":
            is_canary = has_canary(self._key(scope), str(plan.version), plan.share)
            if not active.guard.stopped and (is_canary or plan.mode == "shadow"):
                return await self._both(active, is_canary, scope, receive, send)
        await active.app(scope, receive, send)
        if found := scope["facts"].get("feedback"):
            await self._end(active, active.guard.add_label(found["prediction_id"], found["label"]))

    def _key(self, scope: Scope) -> str:
        """The client's id in the header, else its address."""
        found = dict(scope["headers"]).get(self.header, b"").decode("latin-1")
        return found or (scope["client"][0] if scope["client"] else "")

    async def _both(
        self, active: Active, is_canary: bool, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """The challenger answers if it is a canary and can, else the champion; both are asked.

        What they predict is compared after the response; the rollout ends where a guard says so.
        """
        assert active.challenger
        champion, challenger = active.champion, active.challenger
        request = {**scope, "facts": dict(scope["facts"])}, await read_body(receive), receive
        other = await ask(challenger, *request) if is_canary else None
        sent = other if other and other.is_good else await ask(champion, *request)
        scope["facts"].update(sent.scope["facts"])
        scope.update({**sent.scope, "facts": scope["facts"]})
        for message in sent.messages:
            await send(message)
        own = await ask(champion, *request) if sent is other else sent
        other = other or await ask(challenger, *request)
        scope["facts"]["shadow"] = (own if sent is other else other).predictions
        found = compare(own, other, active.distance)
        if "disagreement" in found:
            rows = zip(sent.predictions, own.predictions, other.predictions, strict=True)
            for one, first, second in rows:
                pair = first["prediction"], second["prediction"]
                active.guard.remember(one["prediction_id"], *pair)
        await self._end(active, active.guard.add(found, other.error))

    async def _end(self, active: Active, reason: str | None) -> None:
        """Where the guard has stopped the rollout in this process, write it for the others."""
        if reason is not None:
            self.aborts.labels(reason.partition(":")[0]).inc()
            await asyncio.to_thread(self.follower.end, active.plan, f"aborted: {reason}")


def _status(active: Active) -> dict[str, Any]:
    """What this process does, and what its guards have seen."""
    status = active.plan.model_dump() | {"champion": active.champion.state.version.name}
    if active.challenger is None or active.guard.stopped:
        status |= {"mode": "off", "ended": active.guard.stopped or active.plan.ended}
    return {**status, "guards": {name: str(one) for name, one in active.guard.evidence.items()}}
