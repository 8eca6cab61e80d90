"""The service as an ASGI application, made for one release."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from .description import describe
from .direct import DirectRoute
from .envelope import NOTE, Envelope
from .outcomes import add_outcomes
from .predictions import add_predictions
from .problems import Refused
from .state import State
from .status import add_status

if TYPE_CHECKING:
    from ..configs.service import Service
    from .loading import Release
    from .logs import Lines


def create_app(
    release: Release, service: Service, lines: Lines, *, key: str | None = None
) -> FastAPI:
    """The application; `app.state.service` is its State.

    The model is loaded while the application already answers, by the fallback. key: what callers
    must send as X-API-Key; None lets everyone in.
    """
    state = State.of(release, service, lines, key)
    app = FastAPIOffline(  # /docs with its own scripts: no host but ours is asked
        title=f"{release.facts['target']} service",
        description="Predictions by a registered model. Docs of each status: docs/serving.md.",
        version="1",
        lifespan=_lifespan(state),
        openapi_url="/openapi.json",
        redoc_url=None,
    )
    app.state.service = state
    app.router.route_class = DirectRoute
    add_predictions(app, state)
    add_outcomes(app, state)
    add_status(app, state)
    describe(app, state)
    app.add_exception_handler(HTTPException, _no_such_route)
    paths = frozenset(str(getattr(route, "path", "")) for route in app.routes)
    app.add_middleware(Envelope, state=state, paths=paths)
    return app


def _lifespan(state: State) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(state.answerer.threads.run(state.answerer.load))
        writing = asyncio.create_task(state.lines.keep_writing())
        yield
        loading.cancel()
        writing.cancel()

    return lifespan


async def _no_such_route(request: Request, error: Exception) -> Response:
    """404 and 405 in the one shape of refusal."""
    assert isinstance(error, HTTPException)
    code = "wrong_method" if error.status_code == 405 else "not_found"
    message = f"{request.method} {request.url.path[:80]}: {error.detail}; see /docs"
    refused = Refused(code, message, headers=dict(error.headers or {}))
    return refused.response(request.scope[NOTE].request_id)
