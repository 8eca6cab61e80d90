"""Around the service: log each prediction, label and refusal; age of the model."""

import contextlib
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge
from starlette.types import ASGIApp, Receive, Scope, Send

from ..registry.versions import MODELS
from ..serving.extensions import Context, close_at_end
from ..utils.files import read_json
from ..utils.runs import RECORD
from . import log
from .segments import TIME, SegmentWriter
from .settings import load_monitoring

PLACE = 20
DAY_S = 86_400
LIVE = Path("reports", "live.json")
UNKNOWN = "(unknown)"  # instead of a column's name that a stranger chose
# https://www.w3.org/TR/trace-context/#traceparent-header
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The application with its log; raises ValueError for a mistake in conf/monitoring.yaml."""
    return PredictionLog(app, context)


class PredictionLog:
    """Hands what was served to threads that write it."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app, self.root, self.version = app, context.root, ""
        self.settings = load_monitoring(context.root)
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.refused = Counter("refused", "Refused requests", ["column", "rule"], **to)
        self.lost = Counter("log_lost", "Records that could not be written", ["log"], **to)
        self.writers = {
            name: SegmentWriter(self.root / log.SERVED / name, schema, self.lost.labels(name).inc)
            for name, schema in log.SCHEMAS.items()
        }
        self._add_gauges(to)
        context.tasks.append(self._write)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then log it, also where its client has gone."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        if TRACEPARENT.fullmatch(given):  # one request is followed through all parts
            scope["facts"]["traceparent"] = given
        try:
            await self.app(scope, receive, send)
        finally:
            self._record(scope)

    def _record(self, scope: Scope) -> None:
        facts = scope["facts"]
        now_us = time.time_ns() // 1000
        line = {TIME: now_us, "request_id": facts["request_id"]}
        if predictions := facts.get("predictions"):
            self.version = predictions[0]["model_version"]
            records = log.prediction_records(now_us, facts, scope["rows"], self.settings.log)
            n_records = len(predictions) + len(facts.get("shadow", ()))
            self.writers[log.PREDICTIONS].put(records, n_records)
        elif feedback := facts.get("feedback"):
            label = {**feedback, "label": log.as_text(feedback["label"])}
            self.writers[log.LABELS].put([{**line, **label, "source": "feedback"}])
        for name, rule in scope.get("refused", ()):
            column = UNKNOWN if rule == "extra_forbidden" else name or ""
            self.refused.labels(column, rule).inc()
            self.writers[log.REFUSALS].put([{**line, "column": column, "rule": rule}])

    async def _write(self) -> None:
        """Run the threads as long as the service runs."""
        for writer in self.writers.values():
            writer.start()
        await close_at_end(self._close)

    def _close(self) -> None:
        for writer in self.writers.values():
            writer.close()

    def _add_gauges(self, to: dict[str, Any]) -> None:
        """Computed when they are read; NaN where they are not known."""
        age = Gauge("model_age_seconds", "Since the served model was trained", **to)
        age.set_function(lambda: model_age_s(self.root, self.version))
        limit = Gauge("model_max_age_seconds", "model.max_age_days of conf/monitoring.yaml", **to)
        limit.set(self.settings.model.max_age_days * DAY_S)
        broken = Gauge("monitor_broken_limits", "Of the last run of `monitor`", **to)
        broken.set_function(lambda: float(_value(self.root / LIVE, "n_broken", "nan")))
        written = Gauge("monitor_age_seconds", "Since the last run of `monitor`", **to)
        written.set_function(lambda: _age_s(self.root / LIVE, "created"))


def model_age_s(root: Path, version: str) -> float:
    """Seconds since a registered version was trained; NaN where not known."""
    return _age_s(root / MODELS / version / RECORD, "started")


def _age_s(path: Path, key: str) -> float:
    moment = _value(path, key)
    return time.time() - datetime.fromisoformat(moment).timestamp() if moment else float("nan")


def _value(path: Path, key: str, other: Any = None) -> Any:
    """Of a JSON file; `other` where it is not there."""
    with contextlib.suppress(OSError, ValueError):
        return read_json(path).get(key, other)
    return other
