"""Around the service: keys with scopes, and the audit trail."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import serving
from ..monitoring.segments import FLUSH_S, QUEUE
from ..serving.extensions import Context, close_at_end
from ..serving.middleware import ApiError
from . import trail
from .keys import Key, read_keys, sha256
from .settings import PATH, load_governance
from .subjects import pseudonym

LOGGER = logging.getLogger(f"{serving.__name__}.governance")  # where the service logs
PLACE = 30
NOT_RECORDED = {"/health", "/ready"}  # asked every few seconds by machines
RETRY_S = 2.0  # seconds until a disk that refused is asked again
POLL_S = 1.0  # seconds until a key that was added or revoked is noticed
OPEN = {"/health", "/ready", "/version", "/docs", "/openapi.json"}
SCOPE_OF = {"/predict": "predict", "/explain": "predict"}
SCOPE_OF |= {"/feedback": "feedback", "/metrics": "metrics"}


def wrap(app: ASGIApp, context: Context) -> ASGIApp:
    """The application with keys and trail; raises ValueError for a mistake in conf/."""
    settings = load_governance(context.root)
    to: dict[str, Any] = {"namespace": "service", "registry": context.metrics.registry}
    lost = Counter("trail_lost", "Requests missing from the audit trail", **to)
    writer = TrailWriter(context.root, lost.inc)
    header = settings.subject.header.lower().encode()
    context.recorders.append(lambda scope: _record(scope, header, writer))
    context.tasks.append(lambda: close_at_end(writer.close))
    if settings.keys.file is None:
        return app
    if context.service.key_env is not None:
        raise ValueError(f"{PATH}: keys.file and key_env of conf/service.yaml: set one of them")
    return KeyCheck(app, context, context.root / settings.keys.file)


def _record(scope: Scope, header: bytes, writer: "TrailWriter") -> None:
    """Who, when, what, and what came of it; values of rows are not part of it."""
    if scope["path"] in NOT_RECORDED:
        return
    facts = scope["facts"]
    predictions = facts.get("predictions", [])
    line: dict[str, Any] = {
        "time": _now(),
        "caller": facts.get("caller"),
        "method": scope["method"],
        "path": scope["path"],
        "status": facts["status"],
        "request_id": facts["request_id"],
        "model_version": predictions[0]["model_version"] if predictions else None,
        "predictions": [one["prediction_id"] for one in predictions],
    }
    if subject := dict(scope["headers"]).get(header):
        line["subject"] = subject.decode("utf-8", "replace").strip()
    if feedback := facts.get("feedback"):
        line["feedback_on"] = feedback["prediction_id"]
    writer.put(line)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class TrailWriter:
    """Appends records in a thread, when the disk has room for them.

    What does not fit in memory until then is counted, and named in the trail.
    """

    def __init__(self, root: Path, on_lost: Callable[[int], None]) -> None:
        self.root, self._on_lost = root, on_lost
        self._waiting: list[Mapping[str, Any]] = []
        self._n_lost = 0  # not yet named in the trail
        self._mutex, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="trail", daemon=True)

    def put(self, record: Mapping[str, Any]) -> None:
        """Hand a record over; never waits."""
        with self._mutex:
            is_full = len(self._waiting) >= QUEUE or self._stop.is_set()
            if is_full:
                return self._lose(1)
            self._waiting.append(record)
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_S):
            self._flush()
        self._flush()
        with self._mutex:
            self._lose(len(self._waiting))

    def _flush(self) -> None:
        with self._mutex:
            waiting, self._waiting = self._waiting, []
            n_lost, self._n_lost = self._n_lost, 0
        try:
            records = [self._without_name(one) for one in waiting]
            if n_lost:
                records.insert(0, {"time": _now(), "lost": n_lost})
            if records:
                trail.append(self.root / trail.FOLDER, records)
        except Exception as error:  # nothing may end this thread
            LOGGER.error("trail-failing", extra={"facts": {"error": str(error)}})
            is_kept = isinstance(error, OSError)  # of the disk; it may have room later
            with self._mutex:
                self._n_lost += n_lost  # counted before
                self._waiting[:0] = waiting if is_kept else []
                self._lose(0 if is_kept else len(waiting))
            self._stop.wait(RETRY_S)

    def _without_name(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record with a pseudonym for the person."""
        if "subject" not in record:
            return record
        return {**record, "subject": pseudonym(self.root, record["subject"])}

    def _lose(self, n_records: int) -> None:
        """Count; the caller holds the lock."""
        self._n_lost += n_records
        self._on_lost(n_records)


class KeyCheck:
    """Lets a request pass whose key is valid now and has the scope of its path."""

    def __init__(self, app: ASGIApp, context: Context, path: Path) -> None:
        self.app, self.path = app, path
        self._keys: dict[str, Key] = {}
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
        """Read the file; a broken one changes nothing."""
        try:
            self._keys = {key.sha256: key for key in read_keys(self.path)}
            self._fault = ""
        except (OSError, ValueError) as error:
            if str(error) != self._fault:  # once, not each second
                LOGGER.error("keys-unreadable", extra={"facts": {"error": str(error)}})
            self._fault = str(error)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(self.reload)
