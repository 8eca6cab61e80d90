"""The running service chooses the version that answers each request."""

import asyncio
import hashlib
from typing import Any

from fastapi import FastAPI
from prometheus_client import Counter
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..serving.extensions import Context
from ..serving.middleware import ApiError
from .arms import LOGGER, Reply, ask, compare, read_body, replay
from .follow import Active, Follower
from .settings import Settings, end_plan, load_settings, record

PLACE = 10
PATH = "/rollout"


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The champion of the moment in place of `app`, the one of the start."""
    assert isinstance(app, FastAPI)
    rollout = Rollout(app, context, load_settings(context.root))
    context.tasks.append(rollout.follower.run)
    context.paths.add(PATH)
    return rollout


def has_canary(key: str, version: str, share: float) -> bool:
    """Whether a key gets the challenger: the same each time, and still when the share grows."""
    digest = hashlib.sha256(f"{version} {key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


class Rollout:
    """Sends each request to the champion, and to the challenger as the plan says."""

    def __init__(self, app: FastAPI, context: Context, settings: Settings) -> None:
        self.first, self.context = app, context
        self.header = settings.header.lower().encode()
        self.follower = Follower(app, context, settings)
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.compared = Counter("rollout_compared", "Compared requests", ["outcome"], **to)
        self.aborts = Counter("rollout_aborts", "Rollouts that were ended", ["guard"], **to)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; pass other scopes on to the interface of the start."""
        active = self.follower.active
        if scope["type"] != "http":
            return await self.first(scope, receive, send)
        path = scope["path"]
        if path == PATH:
            return await JSONResponse(self.status(active))(scope, receive, send)
        if path == "/explain" and active.plan.switched_off:
            raise ApiError(503, "switched_off", "the model is switched off")
        if path != "/predict" or scope["method"] != "POST" or not active.is_on:
            await active.champion.app(scope, receive, send)
            return await self._learn(active, scope["facts"].get("feedback") or {})
        is_canary = active.plan.mode == "canary" and has_canary(
            self._key(scope), str(active.plan.version), active.plan.share
        )
        if is_canary:
            await self._canary(active, scope, receive, send)
        elif active.plan.mode == "shadow":
            await self._shadow(active, scope, receive, send)
        else:
            await active.champion.app(scope, receive, send)

    def status(self, active: Active) -> dict[str, Any]:
        """What this process does, and what its guards have seen."""
        seen = {
            name: {"n": one.n, "mean": one.total / max(one.n, 1), "bound": one.bound}
            for name, one in active.guard.evidence.items()
        }
        plan = active.plan.model_dump()
        ended = active.guard.stopped or plan["ended"]
        mode = plan["mode"] if active.is_on else "off"
        champion = active.champion.version.name
        return {**plan, "mode": mode, "ended": ended, "champion": champion, "guards": seen}

    async def _shadow(self, active: Active, scope: Scope, receive: Receive, send: Send) -> None:
        """The champion answers; then the challenger predicts, and nobody gets that."""
        assert active.challenger is not None
        messages, fresh = await read_body(receive), dict(scope)
        own = await _answered(active, scope, messages, receive, send)
        other = await ask(active.challenger.app, fresh, messages, receive)
        scope["facts"]["shadow"] = other.predictions
        await self._compare(active, own, other, own.predictions)

    async def _canary(self, active: Active, scope: Scope, receive: Receive, send: Send) -> None:
        """The challenger answers; where it cannot, the champion does. Both are compared."""
        assert active.challenger is not None
        assert active.champion.uncounted is not None
        messages, fresh = await read_body(receive), dict(scope)
        other = await ask(active.challenger.app, fresh, messages, receive)
        if other.is_good:
            await self._send(scope, other, send)
            own = await ask(active.champion.uncounted, fresh, messages, receive)
            scope["facts"]["shadow"] = own.predictions
            await self._compare(active, own, other, other.predictions)
        else:
            own = await _answered(active, scope, messages, receive, send)
            scope["facts"]["shadow"] = other.predictions
            await self._compare(active, own, other, own.predictions)

    async def _send(self, scope: Scope, reply: Reply, send: Send) -> None:
        """Send a reply of the challenger as the service's own."""
        facts = {key: reply.scope["facts"][key] for key in reply.scope["facts"] if key != "status"}
        scope["facts"].update(facts)
        scope["rows"] = reply.scope["rows"]
        for one in reply.predictions:
            self.context.metrics.predictions.labels(one["source"], one["reason"] or "").inc()
        for message in reply.messages:
            await send(message)

    async def _compare(self, active: Active, own: Reply, other: Reply, sent: list[Any]) -> None:
        """Count how the two differ, and abort where a guard does not hold."""
        found = compare(own, other, active.distance)
        worst = max(found, key=lambda name: found[name], default="")
        outcome = worst if found and found[worst] else "equal" if found else "skipped"
        self.compared.labels(outcome).inc()
        if "disagreement" in found:
            for one, first, second in zip(sent, own.predictions, other.predictions, strict=True):
                pair = first["prediction"], second["prediction"]
                active.guard.remember(one["prediction_id"], *pair)
        detail = other.text if other.status != 200 else ""
        await self._abort(active, active.guard.add(found, detail))

    async def _learn(self, active: Active, feedback: dict[str, Any]) -> None:
        if active.is_on and feedback:
            label = feedback["label"]
            await self._abort(active, active.guard.add_label(feedback["prediction_id"], label))

    async def _abort(self, active: Active, reason: str | None) -> None:
        """The guard has stopped the rollout in this process; write it for the others."""
        if reason is None:
            return
        self.aborts.labels(reason.partition(":")[0]).inc()
        facts = {"version": active.plan.version, "mode": active.plan.mode, "reason": reason}
        LOGGER.error("rollout-aborted", extra={"facts": facts})
        try:
            await asyncio.to_thread(end_plan, self.context.root, active.plan, f"aborted: {reason}")
            await asyncio.to_thread(record, self.context.root, "abort", **facts)
        except (OSError, ValueError) as error:  # read-only: it holds in this process
            self.follower.failures.labels("write").inc()
            LOGGER.error("rollout-not-written", extra={"facts": {"error": str(error)}})

    def _key(self, scope: Scope) -> str:
        """The client's id in the header, else its address."""
        found = dict(scope["headers"]).get(self.header, b"").decode("latin-1")
        return found or (scope["client"][0] if scope["client"] else "")


async def _answered(
    active: Active, scope: Scope, messages: list[Message], receive: Receive, send: Send
) -> Reply:
    """Let the champion answer, and note what it sent."""
    await active.champion.app(scope, replay(messages, receive), send)
    facts = scope["facts"]
    return Reply(facts["status"] or 500, facts.get("predictions", []))
