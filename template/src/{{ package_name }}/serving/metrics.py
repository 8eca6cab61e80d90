"""What can be read at /metrics: traffic, errors, latency, memory, bytes, answers by source."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

# Seconds. Around a millisecond a model answers, above a second a person has turned away.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counters of one service, in a registry of its own."""

    def __init__(self) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            GCCollector,
            Histogram,
            Info,
            PlatformCollector,
            ProcessCollector,
        )

        self.registry: CollectorRegistry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        own: dict[str, Any] = {"registry": self.registry, "namespace": "service"}
        self.requests = Counter("requests", "Requests", ["path", "status"], **own)
        self.seconds = Histogram(
            "request_seconds", "Time of a request", ["path"], buckets=BUCKETS, **own
        )
        self.bytes_in = Counter("received_bytes", "Bytes of request bodies", **own)
        self.bytes_out = Counter("sent_bytes", "Bytes of response bodies", **own)
        self.predictions = Counter("predictions", "Answers", ["source", "reason"], **own)
        self.under_way = Gauge("requests_under_way", "Requests not answered yet", **own)
        self.ready = Gauge("ready", "1 while /ready says so", **own)
        self.lines_dropped = Gauge("log_lines_dropped", "Log lines nobody took", **own)
        self.model = Info("model", "The model that answers", **own)
        # Looking a child up by its labels costs more than counting it.
        self._request = cache(self.requests.labels)
        self._seconds = cache(self.seconds.labels)
        self._prediction = cache(self.predictions.labels)

    def count(self, path: str, status: int, seconds: float, n_in: int, n_out: int) -> None:
        """A request that ended; path: one of the service's own, since each is kept for ever."""
        self._request(path, status).inc()
        self._seconds(path).observe(seconds)
        self.bytes_in.inc(n_in)
        self.bytes_out.inc(n_out)

    def answered(self, source: str, reason: str | None, n_rows: int = 1) -> None:
        """Rows that got an answer."""
        self._prediction(source, reason or "").inc(n_rows)

    def text(self) -> tuple[bytes, str]:
        """The metrics as Prometheus reads them, and their content type."""
        from prometheus_client import exposition

        return exposition.generate_latest(self.registry), exposition.CONTENT_TYPE_PLAIN_0_0_4
