"""Around the service: keys with scopes, and the audit trail."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import Counter
from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send

from ..configs.load import load
from ..serving.extensions import Context
from ..serving.middleware import LOGGER, ApiError
from . import trail
from .settings import PATH, KeyFile, load_governance
from .subjects import pseudonym

PLACE = 30
FLUSH_S = 0.2  # seconds between two writes: what a killed process may lose
RETRY_S = 2.0  # until a disk that refused is asked again
MAX_WAITING = 20_000  # lines until then
POLL_S = 1.0  # seconds until a key that was added or revoked is noticed
NOT_RECORDED = {"/health", "/ready"}  # asked every few seconds by machines
# Of any other path: admin. None: no key is needed.
SCOPE_OF = dict.fromkeys(("/health", "/ready", "/version", "/docs", "/openapi.json"))
SCOPE_OF |= {"/predict": "predict", "/explain": "predict"}
SCOPE_OF |= {"/feedback": "feedback", "/metrics": "metrics"}
FACTS = ("caller", "status", "request_id")


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The application with keys and trail; raises ValueError for a mistake in conf/."""
    settings = load_governance(context.root)
    to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
    lost = Counter("trail_lost", "Requests missing from the audit trail", **to)
    writer = TrailWriter(context.root, settings.subject.header, lost.inc)
    context.recorders.append(writer.put)
    context.tasks.append(writer.run)
    if settings.key_file is None:
        return app
    if context.service.key_env is not None:
        raise ValueError(f"{PATH}: key_file and key_env of conf/service.yaml: set one of them")
    check = KeyCheck(app, context.root, settings.key_file)
    context.tasks.append(check.watch)
    return check


class TrailWriter:
    """Adds a line a request, once the disk has room for it.

    What does not fit in memory until then is counted, and named in the trail.

    header: of a request, with the person it is about.
    """

    def __init__(self, root: Path, header: str, on_lost: Callable[[int], None]) -> None:
        self.root, self.header, self._on_lost = root, header.lower().encode(), on_lost
        self._waiting: list[bytes] = []
        self._n_lost = 0  # not yet named in the trail
        pseudonym(root, "")  # makes the salt, for which no request shall wait or fail

    def put(self, scope: Scope) -> None:
        """Take a request that has its response: who, when, what, and what came of it; no values.

        The line is encoded here: a thread that did so would keep the event loop waiting.
        """
        if scope["path"] in NOT_RECORDED:
            return
        facts = scope["facts"]
        predictions, feedback = facts.get("predictions", ()), facts.get("feedback", {})
        line = {"time": datetime.now(UTC), "method": scope["method"], "path": scope["path"]}
        line |= {name: facts.get(name) for name in FACTS}
        line["model_version"] = predictions[0]["model_version"] if predictions else None
        line["predictions"] = [one["prediction_id"] for one in predictions]
        line["feedback_on"] = feedback.get("prediction_id")
        if subject := dict(scope["headers"]).get(self.header):
            line["subject"] = pseudonym(self.root, subject.decode("utf-8", "replace").strip())
        self._waiting.append(to_json(line))

    async def run(self) -> None:
        """Write what waits, as long as the service runs and once more."""
        pause = FLUSH_S
        try:
            while True:
                await asyncio.sleep(pause)
                pause = FLUSH_S if await self._flush() else RETRY_S
        finally:
            await self._flush()
            self._on_lost(len(self._waiting))

    async def _flush(self) -> bool:
        lines, self._waiting = self._waiting, []
        lost = {"time": datetime.now(UTC), "lost": self._n_lost}
        named = [to_json(lost)] if self._n_lost else []
        try:
            if lines or named:
                await asyncio.to_thread(trail.append, self.root / trail.FOLDER, [*named, *lines])
            self._n_lost = 0
            return True
        except Exception as error:  # nothing may end this task
            LOGGER.error("trail-failing", extra={"facts": {"error": str(error)}})
            waiting = [*lines, *self._waiting]
            self._waiting = waiting[:MAX_WAITING]
            self._n_lost += len(waiting) - len(self._waiting)
            self._on_lost(len(waiting) - len(self._waiting))
            return False


class KeyCheck:
    """Lets a request pass whose key is valid today and has the scope of its path."""

    def __init__(self, app: ASGIApp, root: Path, file: str) -> None:
        self.app, self.root, self.file = app, root, file
        self._keys = load(root, file, KeyFile).keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise ApiError."""
        if scope["type"] == "http" and (needed := SCOPE_OF.get(scope["path"], "admin")):
            headers = dict(scope["headers"])
            given = headers.get(b"x-api-key") or headers.get(b"authorization", b"")
            # Enough for keys of 256 random bits, which nobody can guess.
            key = self._keys.get(hashlib.sha256(given.removeprefix(b"Bearer ")).hexdigest())
            if key is None or key.expires < datetime.now(UTC).date():
                raise ApiError(401, "no_key", "X-API-Key is missing, wrong or expired")
            scope["facts"]["caller"] = key.name
            if not {needed, "admin"} & key.scopes:
                raise ApiError(403, "no_scope", f"this key has no scope '{needed}'")
        await self.app(scope, receive, send)

    async def watch(self) -> None:
        """Read the file again and again; a broken one changes nothing."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                self._keys = (await asyncio.to_thread(load, self.root, self.file, KeyFile)).keys
            except (OSError, ValueError) as error:
                LOGGER.error("keys-unreadable", extra={"facts": {"error": str(error)}})
