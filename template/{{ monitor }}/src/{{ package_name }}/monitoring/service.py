"""Around the service: log each prediction, label and refusal; age of the model."""

import asyncio
import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge
from starlette.types import ASGIApp, Receive, Scope, Send

from ..registry.versions import MODELS, resolve
from ..serving.extensions import Context
from ..utils.files import read_json
from ..utils.runs import RECORD
from . import log
from .segments import TIME, SegmentWriter
from .settings import load_monitoring

PLACE = 20
DAY_S = 86_400
LIVE = Path("reports", "live.json")
UNKNOWN = "(unknown)"  # instead of a column's name that a stranger chose


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The application with its log; raises ValueError for a mistake in conf/monitoring.yaml."""
    return PredictionLog(app, context)


class PredictionLog:
    """Hands what was served to threads that write it."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app, self.root = app, context.root
        self.settings = load_monitoring(context.root)
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.refused = Counter("refused", "Refused requests", ["column", "rule"], **to)
        self.lost = Counter("log_lost", "Records that could not be written", ["log"], **to)
        encode = log.prediction_encoder(self.settings.log)
        self.predictions = self._writer(log.PREDICTIONS, encode)
        self.labels = self._writer(log.LABELS, log.encode_records)
        self.refusals = self._writer(log.REFUSALS, log.encode_records)
        self.version = ""
        with contextlib.suppress(ValueError):
            self.version = resolve(context.root, context.service.model).name
        self._add_gauges(to)
        context.tasks.append(self._write)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then log it, also where its client has gone."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        self._read_trace(scope)
        started = time.perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            self._record(scope, (time.perf_counter() - started) * 1000)

    def _record(self, scope: Scope, ms: float) -> None:
        facts = scope["facts"]
        if predictions := facts.get("predictions"):
            self.version = predictions[0]["model_version"]
            served = log.Served(log.now_us(), facts, scope["rows"], round(ms, 3))
            self.predictions.put(served, len(predictions))
        elif feedback := facts.get("feedback"):
            values = feedback | {"label": log.label_text(feedback["label"])}
            self._put_line(self.labels, facts, **values, source="feedback")
        for name, rule in scope.get("refused", ()):
            column = UNKNOWN if rule == "extra_forbidden" else name or ""
            self.refused.labels(column, rule).inc()
            self._put_line(self.refusals, facts, column=column, rule=rule)

    def _put_line(self, writer: SegmentWriter, facts: Any, **values: Any) -> None:
        line = {TIME: log.now_us(), "request_id": facts["request_id"], **values}
        writer.put([line])

    def _read_trace(self, scope: Scope) -> None:
        """Log the caller's traceparent, so that one request is followed through all parts."""
        given = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        if log.TRACEPARENT.fullmatch(given):
            scope["facts"]["traceparent"] = given

    def _writer(self, name: str, encode: Any) -> SegmentWriter:
        lost = self.lost.labels(name)  # shown as 0 from the start
        folder = self.root / log.SERVED / name
        return SegmentWriter(folder, log.SCHEMAS[name], encode, self.settings.log, lost.inc)

    async def _write(self) -> None:
        """Run the threads as long as the service runs."""
        writers = (self.predictions, self.labels, self.refusals)
        for writer in writers:
            writer.start()
        try:
            await asyncio.Event().wait()
        finally:
            for writer in writers:
                await asyncio.to_thread(writer.close)

    def _add_gauges(self, to: dict[str, Any]) -> None:
        """Computed when they are read; NaN where they are not known."""
        age = Gauge("model_age_seconds", "Since the served model was trained", **to)
        age.set_function(lambda: time.time() - trained_at(self.root, self.version))
        limit = Gauge("model_max_age_seconds", "model.max_age_days of conf/monitoring.yaml", **to)
        limit.set(self.settings.model.max_age_days * DAY_S)
        broken = Gauge("monitor_broken_limits", "Of the last run of `monitor`", **to)
        broken.set_function(lambda: float(_live(self.root).get("n_broken", "nan")))
        written = Gauge("monitor_age_seconds", "Since the last run of `monitor`", **to)
        written.set_function(lambda: time.time() - _moment(_live(self.root).get("created")))


def trained_at(root: Path, version: str) -> float:
    """When a registered version was trained, in seconds since 1970; NaN where not known."""
    path = root / MODELS / version / RECORD
    return _moment(read_json(path)["started"] if version and path.is_file() else None)


def _moment(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else float("nan")


def _live(root: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        return dict(read_json(root / LIVE))
    return {}
