"""Follow models/aliases.json and models/rollout.json, and load what they name."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import polars as pl
from fastapi import FastAPI
from prometheus_client import Counter, Gauge

from ..registry.versions import ALIASES, MODELS, PREDICTIONS, resolve
from ..serving import serve
from ..serving.extensions import Context
from ..serving.middleware import LOGGER
from ..serving.model_version import ModelVersion, Output
from .guard import Guard, Settings
from .rollout import PLAN, Plan, change_plan, read_plan, record

T = TypeVar("T")
POLL_S, RETRY_S = 1.0, 10.0
SAME = 1e-3  # relative to the largest prediction; ONNX differs by less


class SwitchedOff(ModelVersion):
    """A version of which only the fallback is used."""

    def predict(self, table: pl.DataFrame) -> list[Output]:
        """The fallback for each row."""
        return [self.fallback("switched-off")] * len(table)


@dataclass(frozen=True)
class Active:
    """What answers now; replaced as a whole, and read once a request.

    app: the champion's interface, or that of its fallback while the model is switched off.
    distance: up to which two numbers do not differ.
    """

    app: FastAPI
    champion: FastAPI
    plan: Plan
    guard: Guard
    challenger: FastAPI | None = None
    distance: float = 0.0


class Follower:
    """Keeps `active` up to date. What cannot be loaded changes nothing, and is tried again."""

    def __init__(self, app: FastAPI, context: Context, settings: Settings) -> None:
        self.context, self.settings = context, settings
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.failures = Counter("rollout_failures", "Could not be loaded", ["what"], **to)
        self.off = Gauge("switched_off", "1 while only the fallback answers", **to)
        self._seen, self._retry_at = list[bytes](), math.inf
        self.active = Active(app, app, Plan(), Guard(settings))
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
        name, before = self.context.service.model, old.champion.state.version.name
        plan = self._attempt("plan", lambda: read_plan(root) if paths else old.plan, old.plan)
        champion = self._attempt("champion", lambda: self._interface(name), old.champion)
        if plan.mode != "off" and plan.version == champion.state.version.name:
            plan = self.end(plan, "promoted")  # a later rollback does not begin it again
        self.active = self._with(champion, plan)
        if champion is not old.champion:
            facts = {"version": champion.state.version.name, "replaced": before}
            LOGGER.info("champion-changed", extra={"facts": facts})

    def end(self, plan: Plan, ended: str) -> Plan:
        """The plan of a rollout that is over; written where models/ is not read-only."""
        kind, changes = ended.partition(":")[0], {"mode": "off", "ended": ended}
        facts = {"version": plan.version, "mode": plan.mode, "ended": ended}
        LOGGER.warning(f"rollout-{kind}", extra={"facts": facts})

        def write() -> None:
            change_plan(self.context.root, plan, **changes)
            record(self.context.root, kind, **facts)

        self._attempt("write", write, None)
        return plan.model_copy(update=changes)

    def _with(self, champion: FastAPI, plan: Plan) -> Active:
        """What answers by this plan; the guard of a rollout goes on."""
        app, old, version = champion, self.active, champion.state.version
        self.off.set(plan.switched_off)
        if plan.switched_off:
            facts = {**version.facts, "engine": "off", "reason": plan.reason}
            app = self.context.build(SwitchedOff(**vars(version) | {"facts": facts}), self.context)
        guard = old.guard if plan.started == old.plan.started else Guard(self.settings)
        new = Active(app, champion, plan, guard)
        if plan.mode == "off" or plan.switched_off or guard.stopped:
            return new
        challenger = self._attempt("challenger", lambda: self._interface(str(plan.version)), None)
        distance = self.settings.tolerance * spread(version)
        return replace(new, challenger=challenger, distance=distance)

    def _interface(self, name: str) -> FastAPI:
        """That of a version; raises where it cannot be loaded, or predicts otherwise here."""
        number = resolve(self.context.root, name).name
        for app in (self.active.champion, self.active.challenger):
            if app is not None and app.state.version.name == number:
                return app
        try:
            version = serve.load_version(self.context.root, self.context.service, number)
            check_predictions(version)
        except (ValueError, pl.exceptions.PolarsError) as error:
            text = str(error).partition("\n")[0] + " (a service keeps the code of its start)"
            raise ValueError(f"version {number}: {text}") from error
        return self.context.build(version, self.context)

    def _attempt(self, what: str, do: Callable[[], T], default: T) -> T:
        try:
            return do()
        except Exception as error:  # files from elsewhere fail in many ways
            self.failures.labels(what).inc()
            LOGGER.error("rollout-failure", extra={"facts": {"what": what, "error": str(error)}})
            self._retry_at = time.monotonic() + RETRY_S
            return default


def check_predictions(version: ModelVersion) -> None:
    """Raise unless the version predicts here what it did when it was registered.

    The features.py of a running service is that of its start; the version may need another one.
    """
    if version.predictor is None:
        raise ValueError("its model cannot be loaded; see model-absent")
    recorded = pl.read_parquet(version.folder / PREDICTIONS)
    found = version.predictor.predict(version.background)
    y, expected = found.y_pred, recorded["prediction"].to_numpy()
    if found.y_score is not None:
        y, expected = found.y_score, recorded.drop("row", "prediction").to_numpy()
    if not np.allclose(y, expected, rtol=0, atol=SAME * np.abs(expected).max(initial=0)):
        raise ValueError("its predictions are not those of its registration")


def spread(version: ModelVersion) -> float:
    """The standard deviation of its recorded predictions; 0 of classes."""
    recorded = pl.read_parquet(version.folder / PREDICTIONS)["prediction"]
    return float(recorded.to_numpy().std()) if recorded.dtype.is_numeric() else 0.0
