"""What a running service consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .answering import Answerer, Threads
from .limits import Gate
from .metrics import Metrics
from .requests import Reader

if TYPE_CHECKING:
    from ..configs.service import Service
    from .loading import Release
    from .logs import Lines

NotReady = Literal["loading", "absent", "draining"]


@dataclass
class State:
    """One service: a release, its settings, and the parts that answer."""

    release: Release
    service: Service
    lines: Lines
    reader: Reader
    answerer: Answerer
    gate: Gate
    metrics: Metrics = field(default_factory=Metrics)
    # Threads of its own: long bodies are read while the model's threads may hang.
    reading: Threads = field(default_factory=lambda: Threads(1))
    draining: bool = False

    @classmethod
    def of(cls, release: Release, service: Service, lines: Lines, key: str | None) -> State:
        """A service that has not loaded its model yet."""
        reader = Reader(release, service.limits.rows)
        answerer = Answerer(release, service, lines)
        state = cls(release, service, lines, reader, answerer, Gate(service.limits, key))
        state._connect()
        return state

    @property
    def not_ready(self) -> NotReady | None:
        """Why no request should come; None where one may."""
        if self.draining:
            return "draining"
        return self.answerer.absent if self.answerer.scorer is None else None

    def _connect(self) -> None:
        """Let the metrics look for themselves where they are read."""
        metrics, facts = self.metrics, self.release.facts
        metrics.under_way.set_function(lambda: self.gate.n_inside)
        metrics.ready.set_function(lambda: self.not_ready is None)
        metrics.lines_dropped.set_function(lambda: self.lines.n_dropped)
        metrics.model.info({"version": self.release.version, "engine": facts["engine"]})
