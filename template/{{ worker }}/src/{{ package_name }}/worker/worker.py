"""Predict requests from a Redis stream: `worker rows=10`, values of conf/queue.yaml."""

import argparse
import json
import os
import signal
import socket
import threading
from collections.abc import Sequence
from typing import Any

from pydantic import PositiveFloat, ValidationError
from pydantic_core import to_json
from redis import Redis, RedisError, ResponseError

from ..configs.load import load
from ..configs.settings import Count, Section
from ..serving.middleware import LOGGER
from ..serving.model_version import ModelVersion
from ..serving.requests import column_types, explain_error, row_model, typed_table
from ..serving.serve import load_version, log_json
from ..serving.settings import load_service

PATH, READ_MS = "conf/queue.yaml", 500
Entry = tuple[bytes, dict[bytes, bytes]]  # its number in the stream, and its fields


class Queue(Section):
    """Everything in conf/queue.yaml."""

    url: str
    url_env: str | None = None
    group: str
    requests: str
    predictions: str
    dead_letters: str
    rows: Count
    claim_after_s: PositiveFloat
    max_deliveries: Count
    kept: Count
    stop_s: PositiveFloat


def run(args: argparse.Namespace) -> None:
    """Work until SIGTERM or SIGINT; requests in hand are predicted before it ends."""
    queue, stop = load(args.root, PATH, Queue, args.overrides), threading.Event()
    worker = Worker(load_version(args.root, load_service(args.root)), queue)

    def end(*_: Any) -> None:
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, queue.stop_s)  # then the process ends regardless

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with log_json():
        worker.run(stop)


class Worker:
    """One consumer of the group: of new requests, and of those that another consumer held."""

    def __init__(self, version: ModelVersion, queue: Queue) -> None:
        self.version, self.queue = version, queue
        self.row, self.types = row_model(version.schema), column_types(version.schema)
        url = (os.environ.get(queue.url_env) if queue.url_env else None) or queue.url
        self.redis: Any = Redis.from_url(url)
        self.place = (queue.group, f"{socket.gethostname()}-{os.getpid()}")

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; raises ValueError where Redis cannot be used."""
        try:
            self._check_keys()
            self._create_group()
            LOGGER.info("working")
            while not stop.is_set():
                self._retry()
                self._predict(self._read())
        except RedisError as error:
            raise ValueError(f"{PATH}: Redis cannot be used: {error}") from error

    def _check_keys(self) -> None:
        """Raise ValueError where a key of the three streams holds something else."""
        for setting in ("requests", "predictions", "dead_letters"):
            name = getattr(self.queue, setting)
            if (kind := self.redis.type(name).decode()) not in ("stream", "none"):
                text = f"key '{name}' in Redis is a {kind} and no stream; name another key"
                raise ValueError(f"{PATH}: {setting}: {text}")

    def _create_group(self) -> None:
        """From the beginning of the stream: what was sent before counts."""
        try:
            self.redis.xgroup_create(self.queue.requests, self.queue.group, "0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):  # there is one already
                raise

    def _read(self) -> list[Entry]:
        name, n_rows = self.queue.requests, self.queue.rows
        found = self.redis.xreadgroup(*self.place, {name: ">"}, count=n_rows, block=READ_MS)
        return list(found[0][1]) if found else []

    def _retry(self) -> None:
        """Predict a request that was held for too long; one given out too often is a dead letter.

        One at a time: a request that ends the process takes no other with it.
        """
        idle_ms, name = int(self.queue.claim_after_s * 1000), self.queue.requests
        for entry in self.redis.xautoclaim(name, *self.place, idle_ms, count=1)[1]:
            (facts,) = self.redis.xpending_range(name, self.queue.group, entry[0], entry[0], 1)
            n_before = facts["times_delivered"] - 1
            if n_before < self.queue.max_deliveries:
                self._predict([entry])
            else:
                self._bury(entry, f"given out {n_before} times and never predicted")

    def _predict(self, entries: Sequence[Entry]) -> None:
        """Predict all valid rows in one call; what is invalid becomes a dead letter."""
        valid, rows = [], []
        for entry in entries:
            try:
                rows.append(self._validate(entry[1]))
                valid.append(entry)
            except ValueError as error:
                self._bury(entry, str(error))
        outputs = self.version.predict(typed_table(self.types, rows)) if rows else []
        for entry, output in zip(valid, outputs, strict=True):
            name, found = entry[1][b"id"], {"model_version": self.version.name, **output}
            self._end(entry, self.queue.predictions, {"id": name, "prediction": to_json(found)})
            shown = {"id": name.decode(errors="replace"), **found}
            LOGGER.info("prediction", extra={"facts": shown})

    def _validate(self, fields: dict[bytes, bytes]) -> Any:
        if not fields.get(b"id"):
            raise ValueError("id is missing")
        try:
            return self.row.model_validate(json.loads(fields.get(b"body", b"")))
        except RecursionError as error:
            raise ValueError("the body is nested too deeply") from error
        except ValidationError as error:
            found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
            wrong = (explain_error(one, list(self.types)) for one in found)
            texts = (f"{one['field'] or 'the body'} {one['problem']}" for one in wrong)
            raise ValueError("; ".join(texts)) from error

    def _bury(self, entry: Entry, reason: str) -> None:
        fields = {name: entry[1].get(name.encode(), b"") for name in ("id", "body")}
        self._end(entry, self.queue.dead_letters, {**fields, "reason": reason})
        LOGGER.warning("dead-letter", extra={"facts": {"reason": reason}})

    def _end(self, entry: Entry, stream: str, fields: dict[Any, Any]) -> None:
        """Write the result and remove the request, both or neither."""
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.xadd(stream, fields, maxlen=self.queue.kept, approximate=True)
            pipe.xack(self.queue.requests, self.queue.group, entry[0])
            pipe.xdel(self.queue.requests, entry[0])
            pipe.execute()
