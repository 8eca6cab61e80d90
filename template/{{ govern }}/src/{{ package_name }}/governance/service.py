"""Around the service: keys with scopes, and the audit trail."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import serving
from ..serving.extensions import Context
from ..serving.middleware import ApiError
from .keys import Key, read_keys, sha256
from .settings import PATH, Governance, load_governance
from .trail import TrailWriter, now

LOGGER = logging.getLogger(f"{serving.__name__}.governance")  # where the service logs
PLACE = 30
OPEN = {"/health", "/ready", "/version", "/docs", "/openapi.json"}
SCOPE_OF = {"/predict": "predict", "/explain": "predict"}
SCOPE_OF |= {"/feedback": "feedback", "/metrics": "metrics"}


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The application with keys and trail; raises ValueError for a mistake in conf/."""
    settings = load_governance(context.root)
    AuditTrail(context, settings)
    if settings.keys.file is None:
        return app
    if context.service.key_env is not None:
        raise ValueError(f"{PATH}: keys.file and key_env of conf/service.yaml: set one of them")
    return KeyCheck(app, context, settings)


class AuditTrail:
    """Records each request, also those that the service refused."""

    def __init__(self, context: Context, settings: Governance) -> None:
        self.settings = settings
        to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
        lost = Counter("trail_lost", "Requests missing from the audit trail", **to)
        self.writer = TrailWriter(context.root, settings.trail, lost.inc)
        context.recorders.append(self.record)
        context.tasks.append(self._close_at_end)

    def record(self, scope: Scope) -> None:
        """Who, when, what, and what came of it; values of rows are not part of it."""
        if scope["path"] in self.settings.trail.skip:
            return
        facts = scope["facts"]
        predictions = facts.get("predictions", [])
        line: dict[str, Any] = {
            "time": now(),
            "caller": facts.get("caller"),
            "method": scope["method"],
            "path": scope["path"],
            "status": facts["status"],
            "request_id": facts["request_id"],
            "model_version": predictions[0]["model_version"] if predictions else None,
            "predictions": [one["prediction_id"] for one in predictions],
        }
        header = self.settings.subject.header.lower().encode()
        if subject := dict(scope["headers"]).get(header):
            line["subject"] = subject.decode("utf-8", "replace").strip()
        if feedback := facts.get("feedback"):
            line["feedback_on"] = feedback["prediction_id"]
        self.writer.put(line)

    async def _close_at_end(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(self.writer.close)


class KeyCheck:
    """Lets a request pass whose key is valid now and has the scope of its path."""

    def __init__(self, app: ASGIApp, context: Context, settings: Governance) -> None:
        self.app, self.settings = app, settings.keys
        self.path = context.root / str(settings.keys.file)
        self._keys: dict[str, Key] = {}
        self._seen: tuple[int, int] | None = None
        self._fault = ""
        self.reload()
        context.tasks.append(self._watch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise ApiError."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            key = self._find(scope)
            scope["facts"]["caller"] = key.name
            needed = SCOPE_OF.get(scope["path"], "admin")
            if not {needed, "admin"} & set(key.scopes):
                raise ApiError(403, "no_scope", f"this key has no scope '{needed}'")
        await self.app(scope, receive, send)

    def _find(self, scope: Scope) -> Key:
        headers = dict(scope["headers"])
        given = headers.get(b"x-api-key") or headers.get(b"authorization", b"")
        key = self._keys.get(sha256(given.removeprefix(b"Bearer ")))
        if key is None or not key.is_valid(datetime.now(UTC)):
            raise ApiError(401, "no_key", "X-API-Key is missing, wrong or expired")
        return key

    def reload(self) -> None:
        """Read the file if it has changed; a broken one changes nothing."""
        try:
            seen = _identity(self.path)
            if seen != self._seen:
                self._keys = {key.sha256: key for key in read_keys(self.path)}
                self._seen, self._fault = seen, ""
        except (OSError, ValueError) as error:
            if str(error) != self._fault:  # once, not each second
                LOGGER.error("keys-unreadable", extra={"facts": {"error": str(error)}})
            self._fault = str(error)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.settings.poll_s)
            await asyncio.to_thread(self.reload)


def _identity(path: Path) -> tuple[int, int]:
    """Changes with each replacement of the file."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns
