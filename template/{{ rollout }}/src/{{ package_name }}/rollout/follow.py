"""Follow models/aliases.json and models/rollout.json, and load what they name."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import polars as pl
from fastapi import FastAPI
from prometheus_client import Counter, Gauge

from ..registry.versions import ALIASES, MODELS, PREDICTIONS, resolve
from ..serving import serve
from ..serving.extensions import Context
from ..serving.middleware import Metrics
from ..serving.model_version import ModelVersion, Output
from .arms import LOGGER
from .guard import Guard
from .settings import PLAN, Plan, Settings, change_plan, read_plan, record

T = TypeVar("T")
BROKEN = {"absent", "failed", "not-finite"}
N_WARM = 10
POLL_S, RETRY_S = 1.0, 10.0


class SwitchedOff(ModelVersion):
    """A version of which only the fallback is used."""

    def predict(self, table: pl.DataFrame) -> list[Output]:
        """The fallback for each row."""
        return [self.fallback("switched-off")] * len(table)


@dataclass(frozen=True)
class Active:
    """What answers now; replaced as a whole, and read once a request.

    app: the interface of the champion. compared: those of champion and challenger of a rollout,
    outside of the metrics. distance: up to which two numbers do not differ.
    """

    champion: ModelVersion
    app: FastAPI
    plan: Plan
    guard: Guard
    compared: tuple[FastAPI, ...] = ()
    distance: float = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the challenger gets requests."""
        return bool(self.compared and not self.guard.stopped)


class Follower:
    """Keeps `active` up to date. What cannot be loaded changes nothing, and is tried again."""

    def __init__(self, app: FastAPI, context: Context, settings: Settings) -> None:
        self.context, self.settings = context, settings
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.failures = Counter("rollout_failures", "Could not be loaded", ["what"], **to)
        self.off = Gauge("switched_off", "1 while only the fallback answers", **to)
        self._seen, self._retry_at = list[bytes](), math.inf
        self.active = Active(app.state.version, app, Plan(), Guard(settings))
        self.refresh()

    async def run(self) -> None:
        """Look at the files until cancelled; loading happens in a thread."""
        while True:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(self._attempt, "files", self.refresh, None)

    def refresh(self) -> None:
        """Load what has changed since the last call, and exchange it by one assignment."""
        root, old = self.context.root, self.active
        paths = [path for path in (root / MODELS / ALIASES, root / PLAN) if path.is_file()]
        seen = [path.read_bytes() for path in paths]
        if seen == self._seen and time.monotonic() < self._retry_at:
            return
        self._seen, self._retry_at = seen, math.inf
        plan = self._attempt("plan", lambda: read_plan(root) if paths else old.plan, old.plan)
        name = self.context.service.model
        champion = self._attempt("champion", lambda: self._load(name), old.champion)
        if plan.mode != "off" and plan.version == champion.name:
            plan = self.end(plan, "promoted")  # a later rollback does not begin it again
        self.active = self._changed(champion, plan)
        self.off.set(plan.switched_off)
        if champion.name != old.champion.name:
            facts = {"version": champion.name, "replaced": old.champion.name}
            LOGGER.info("champion-changed", extra={"facts": facts})

    def end(self, plan: Plan, ended: str) -> Plan:
        """The plan of a rollout that is over; written where models/ is not read-only."""
        root, kind = self.context.root, ended.partition(":")[0]
        changes: dict[str, Any] = {"mode": "off", "ended": ended}
        facts = {"version": plan.version, "mode": plan.mode, "ended": ended}
        self._attempt("write", lambda: change_plan(root, plan, **changes), plan)
        self._attempt("record", lambda: record(root, kind, **facts), None)
        return plan.model_copy(update=changes)

    def _changed(self, champion: ModelVersion, plan: Plan) -> Active:
        old, app = self.active, self.active.app
        if champion is not old.champion or plan.switched_off != old.plan.switched_off:
            facts = {**champion.facts, "engine": "off", "reason": plan.reason}
            off = SwitchedOff(**vars(champion) | {"facts": facts})
            app = self.context.build(off if plan.switched_off else champion, self.context)
        guard = old.guard if plan.started == old.plan.started else Guard(self.settings)
        new = Active(champion, app, plan, guard)
        if plan.mode == "off" or plan.switched_off or guard.stopped:
            return new
        return self._attempt("challenger", lambda: self._with_challenger(new), new)

    def _with_challenger(self, active: Active) -> Active:
        """The same with the challenger of its plan."""
        quiet, champion = replace(self.context, metrics=Metrics()), active.champion
        both = champion, self._load(str(active.plan.version))
        recorded = pl.read_parquet(champion.folder / PREDICTIONS)["prediction"]
        spread = float(recorded.to_numpy().std()) if recorded.dtype.is_numeric() else 0.0
        compared = tuple(self.context.build(one, quiet) for one in both)
        return replace(active, compared=compared, distance=self.settings.tolerance * spread)

    def _load(self, name: str) -> ModelVersion:
        """A version that has predicted, and has an interface; raises where it cannot."""
        number = resolve(self.context.root, name).name
        loaded: list[ModelVersion] = [one.state.version for one in self.active.compared]
        for version in (self.active.champion, *loaded):
            if version.name == number:
                return version
        version = serve.load_version(self.context.root, self.context.service, number)
        outputs = version.predict(version.background.head(N_WARM))
        if all(one["reason"] in BROKEN for one in outputs):
            raise ValueError(f"version {number} predicts nothing: {outputs[0]['reason']}")
        self.context.build(version, replace(self.context, metrics=Metrics()))  # raises here, if so
        return version

    def _attempt(self, what: str, do: Callable[[], T], default: T) -> T:
        try:
            return do()
        except Exception as error:  # files from elsewhere fail in many ways
            self.failures.labels(what).inc()
            LOGGER.error("rollout-failure", extra={"facts": {"what": what, "error": str(error)}})
            self._retry_at = time.monotonic() + RETRY_S
            return default
