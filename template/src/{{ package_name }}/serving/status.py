"""/health, /ready, /version and /metrics: what a platform asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from .direct import in_json
from .responses import Health, Ready, Version

if TYPE_CHECKING:
    from .state import State


def add_status(app: FastAPI, state: State) -> None:
    """Add the routes; none of them asks the model."""
    version = state.release.version

    @app.get("/health", response_model=Health)
    async def health(_: Request) -> Response:
        """The process is alive."""
        return in_json({"status": "alive"})

    @app.get("/ready", response_model=Ready, responses={503: {"model": Ready}})
    async def ready(_: Request) -> Response:
        """Whether requests should come here: not before the model is loaded, nor while stopping."""
        reason = state.not_ready
        content = {"ready": reason is None, "reason": reason, "model_version": version}
        return in_json(content, 503 if reason else 200)

    @app.get("/version", response_model=Version)
    async def version_(_: Request) -> Response:
        """Which model answers, and from which run and commit it came."""
        return in_json(_version(state))

    @app.get("/metrics", response_class=Response)
    async def metrics(_: Request) -> Response:
        """Counters and histograms as Prometheus reads them."""
        text, kind = state.metrics.text()
        return Response(text, media_type=kind)


def _version(state: State) -> dict[str, str | None]:
    facts = state.release.facts
    return {
        "model_version": state.release.version,
        "engine": facts["engine"],
        "model": facts["model"],
        "run": facts["run"],
        "created": facts["created"],
        "commit": facts["git"]["commit"],
    }
