"""Around the service: log each prediction, label and refusal; age of the model."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge
from starlette.types import ASGIApp, Scope

from ..registry.versions import MODELS
from ..serving.extensions import Context
from ..utils.files import read_json
from ..utils.runs import RECORD
from . import log
from .segments import TIME, SegmentWriter
from .settings import load_monitoring

PLACE = 20
DAY_S = 86_400
SEGMENT_S = 3600  # 24 files a day and store
LIVE = Path("reports", "live.json")
UNKNOWN = "(unknown)"  # instead of a column's name that a stranger chose
# https://www.w3.org/TR/trace-context/#traceparent-header
TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The application, logged; raises ValueError for a mistake in conf/monitoring.yaml."""
    served = ServedLog(context)
    context.recorders.append(served.record)
    context.tasks.append(served.end_segments)
    return app


class ServedLog:
    """Writes what was served, and shows how it is written and how old the model is."""

    def __init__(self, context: Context) -> None:
        self.root, self.version = context.root, ""
        self.settings = load_monitoring(context.root)
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        self.refused = Counter("refused", "Refused requests", ["column", "rule"], **to)
        lost = Counter("log_lost", "Records that could not be written", ["log"], **to)
        self.writers = {
            name: SegmentWriter(self.root / log.SERVED / name, lost.labels(name).inc)
            for name in log.SCHEMAS
        }
        self._add_gauges(to)

    def record(self, scope: Scope) -> None:
        """Write one request, whose response was sent; add its trace to the line of the service."""
        facts, given = scope["facts"], dict(scope["headers"]).get(b"traceparent", b"")
        if TRACEPARENT.fullmatch(given):  # one request is followed through all parts
            facts["traceparent"] = given.decode()
        line = {TIME: time.time_ns() // 1000, "request_id": facts["request_id"]}
        if predictions := facts.get("predictions"):
            self.version = predictions[0]["model_version"]
            line["traceparent"] = facts.get("traceparent")
            records = log.prediction_records(line, facts, scope["rows"], self.settings.log)
            self.writers[log.PREDICTIONS].put(records)
        elif feedback := facts.get("feedback"):
            label = {**feedback, "label": log.as_text(feedback["label"])}
            self.writers[log.LABELS].put([{**line, **label, "source": "feedback"}])
        for name, rule in scope.get("refused", ()):
            column = UNKNOWN if rule == "extra_forbidden" else name or ""
            self.refused.labels(column, rule).inc()
            self.writers[log.REFUSALS].put([{**line, "column": column, "rule": rule}])

    async def end_segments(self) -> None:
        """Each hour, and at the end of the service, leave what is written to `monitor`."""
        try:
            while True:
                await asyncio.sleep(SEGMENT_S)
                self._end()
        finally:
            self._end()

    def _end(self) -> None:
        for writer in self.writers.values():
            writer.end_segment()

    def _add_gauges(self, to: dict[str, Any]) -> None:
        """Computed when they are read; NaN where they are not known."""
        live = self.root / LIVE
        age = Gauge("model_age_seconds", "Since the served model was trained", **to)
        age.set_function(lambda: model_age_s(self.root, self.version))
        limit = Gauge("model_max_age_seconds", "model.max_age_days of conf/monitoring.yaml", **to)
        limit.set(self.settings.model.max_age_days * DAY_S)
        broken = Gauge("monitor_broken_limits", "Of the last run of `monitor`", **to)
        broken.set_function(lambda: _number(live, "n_broken", float))
        written = Gauge("monitor_age_seconds", "Since the last run of `monitor`", **to)
        written.set_function(lambda: _number(live, "created", _age_s))


def model_age_s(root: Path, version: str) -> float:
    """Seconds since a registered version was trained; NaN where not known."""
    return _number(root / MODELS / version / RECORD, "started", _age_s)


def _number(path: Path, key: str, parse: Callable[[Any], float]) -> float:
    try:
        return parse(read_json(path)[key])
    except (OSError, ValueError, KeyError):
        return float("nan")


def _age_s(moment: str) -> float:
    return time.time() - datetime.fromisoformat(moment).timestamp()
