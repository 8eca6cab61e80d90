"""Follow models/aliases.json and models/rollout.json, and load what they name."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
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
from .settings import PLAN, Plan, Settings, end_plan, read_plan

T = TypeVar("T")
BROKEN = {"absent", "failed", "not-finite"}
N_WARM = 10


class SwitchedOff(ModelVersion):
    """A version of which only the fallback is used."""

    def predict(self, table: pl.DataFrame) -> list[Output]:
        """The fallback for each row."""
        return [self.fallback("switched-off")] * len(table)


@dataclass(frozen=True)
class Arm:
    """A version behind its HTTP interface. uncounted: the same, outside of the metrics."""

    version: ModelVersion
    app: FastAPI
    uncounted: FastAPI | None = None


@dataclass(frozen=True)
class Active:
    """What answers now; replaced as a whole, and read once a request."""

    champion: Arm
    plan: Plan
    guard: Guard
    challenger: Arm | None = None
    distance: float = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the challenger gets requests."""
        is_stopped = self.guard.stopped or self.plan.switched_off
        return self.challenger is not None and not is_stopped


class Follower:
    """Keeps `active` up to date. What cannot be loaded changes nothing, and is tried again."""

    def __init__(self, app: FastAPI, context: Context, settings: Settings) -> None:
        self.context, self.settings = context, settings
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.changes = Counter("champion_changes", "Exchanges of the champion", **to)
        self.failures = Counter("rollout_failures", "Could not be loaded", ["what"], **to)
        self.off = Gauge("switched_off", "1 while only the fallback answers", **to)
        self._seen: Any = None
        self._retry_at = math.inf
        first = Arm(app.state.version, app)
        self.active = Active(first, Plan(), Guard(settings.guards))
        self.refresh()

    async def run(self) -> None:
        """Look at the files until cancelled; loading happens in a thread."""
        while True:
            await asyncio.sleep(self.settings.watch.poll_s)
            await asyncio.to_thread(self.refresh)

    def refresh(self) -> None:
        """Load what has changed since the last call, and exchange it by one assignment."""
        seen = [_identity(self.context.root / MODELS / name) for name in (ALIASES, PLAN.name)]
        if seen == self._seen and time.monotonic() < self._retry_at:
            return
        self._seen, self._retry_at = seen, math.inf
        root, old = self.context.root, self.active
        plan = self._attempt("plan", lambda: read_plan(root), old.plan)
        if plan.switched_off != old.plan.switched_off:  # before anything that takes time
            old = self.active = replace(old, champion=self._arm(old.champion.version, plan))
        champion = self._attempt("champion", lambda: self._champion(old, plan), old.champion)
        self._exchange(old, champion, plan)

    def _exchange(self, old: Active, champion: Arm, plan: Plan) -> None:
        if plan.mode != "off" and plan.version == champion.version.name:
            plan = self._end(plan, "promoted")
        is_same = (plan.version, plan.started) == (old.plan.version, old.plan.started)
        guard = old.guard if is_same else Guard(self.settings.guards)
        challenger = None
        if plan.mode != "off" and not guard.stopped:
            challenger = self._attempt("challenger", lambda: self._challenger(old, plan), None)
        if challenger and champion.uncounted is None:
            champion = replace(champion, uncounted=self._build(champion.version, Metrics()))
        distance = self.settings.guards.tolerance * _spread(champion.version)
        self.active = Active(champion, plan, guard, challenger, distance)
        self.off.set(plan.switched_off)
        if champion.version.name != old.champion.version.name:
            self.changes.inc()
            names = {"version": champion.version.name, "replaced": old.champion.version.name}
            LOGGER.info("champion-changed", extra={"facts": names})

    def _champion(self, old: Active, plan: Plan) -> Arm:
        name = resolve(self.context.root, self.context.service.model).name
        if name == old.champion.version.name:
            return old.champion
        return self._arm(self._load(name), plan)

    def _challenger(self, old: Active, plan: Plan) -> Arm:
        known, name = old.challenger, str(plan.version)
        if known and known.version.name == name:
            return known
        version = self._load(name)
        return Arm(version, self._build(version, Metrics()))

    def _arm(self, version: ModelVersion, plan: Plan) -> Arm:
        """The champion as the plan wants it; the version in it stays the real one."""
        facts = {**version.facts, "engine": "off", "reason": plan.reason}
        off = SwitchedOff(**vars(version) | {"facts": facts})
        shown = off if plan.switched_off else version
        return Arm(version, self._build(shown, self.context.metrics))

    def _build(self, version: ModelVersion, metrics: Metrics) -> FastAPI:
        return self.context.build(version, replace(self.context, metrics=metrics))

    def _load(self, name: str) -> ModelVersion:
        """A version that has predicted; raises ValueError where it cannot."""
        version = serve.load_version(self.context.root, self.context.service, name)
        outputs = version.predict(version.background.head(N_WARM))
        if all(one["reason"] in BROKEN for one in outputs):
            raise ValueError(f"version {name} predicts nothing: {outputs[0]['reason']}")
        return version

    def _end(self, plan: Plan, reason: str) -> Plan:
        self._attempt("write", lambda: end_plan(self.context.root, plan, reason), None)
        return plan.model_copy(update={"mode": "off", "ended": reason})

    def _attempt(self, what: str, do: Callable[[], T], default: T) -> T:
        try:
            return do()
        except Exception as error:  # files from elsewhere fail in many ways
            self.failures.labels(what).inc()
            LOGGER.error("rollout-failure", extra={"facts": {"what": what, "error": str(error)}})
            self._retry_at = time.monotonic() + self.settings.watch.retry_s
            return default


def _identity(path: Path) -> tuple[int, int] | None:
    """Changes with each replacement of the file, also within one tick of its clock."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _spread(version: ModelVersion) -> float:
    """The standard deviation of the recorded predictions of a number; 0 of a class."""
    if version.description["classes"] is not None:
        return 0.0
    recorded = pl.read_parquet(version.folder / PREDICTIONS)["prediction"]
    return float(np.std(recorded.to_numpy()))
