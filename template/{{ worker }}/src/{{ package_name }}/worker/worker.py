"""Predict requests from a Redis stream: `worker rows=10`, values of conf/queue.yaml."""

import argparse
import asyncio
import json
import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, RedisBatchStreamMessage
from pydantic import Field, ValidationError
from pydantic_core import to_json
from redis.exceptions import RedisError, ResponseError

from ..configs.load import load
from ..configs.settings import Count, Section
from ..serving.app import load_service
from ..serving.middleware import LOGGER
from ..serving.model_version import ModelVersion
from ..serving.requests import column_types, explain_error, row_model, typed_table
from ..serving.serve import load_version, log_json

PATH = "conf/queue.yaml"
READ_MS, WATCH_S = 500, 0.5
Entry = tuple[bytes, dict[bytes, bytes]]  # its number in the stream, and its fields
Seconds = Annotated[float, Field(gt=0)]


class Queue(Section):
    """Everything in conf/queue.yaml."""

    url: str
    url_env: str | None = None
    group: str
    requests: str
    predictions: str
    dead_letters: str
    rows: Count
    claim_after_s: Seconds
    max_deliveries: Count
    kept: Count
    stop_s: Seconds


def run(args: argparse.Namespace) -> None:
    """Work until SIGTERM or SIGINT; requests in hand are predicted before it ends."""
    queue = load(args.root, PATH, Queue, args.overrides)
    version = load_version(args.root, load_service(args.root))
    log_json()
    asyncio.run(_until_signal(Worker(version, queue)))


async def _until_signal(worker: "Worker") -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await worker.run(stop)


class Worker:
    """One consumer of the group: of new requests, and of those that another consumer held."""

    def __init__(self, version: ModelVersion, queue: Queue) -> None:
        self.version, self.queue = version, queue
        self.row, self.types = row_model(version.schema), column_types(version.schema)
        url = (os.environ.get(queue.url_env) if queue.url_env else None) or queue.url
        logger = LOGGER.getChild("broker")
        logger.setLevel("WARNING")  # else a line for each message that is received
        self.broker = RedisBroker(
            url, apply_types=False, logger=logger, graceful_timeout=queue.stop_s
        )
        idle_ms = int(queue.claim_after_s * 1000)
        self._subscribe(self._predict, polling_interval=READ_MS, max_records=queue.rows)
        self._subscribe(self._retry, polling_interval=idle_ms // 4 + 1, min_idle_time=idle_ms)

    def _subscribe(self, handler: Any, **options: Any) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}"
        options |= {"group": self.queue.group, "consumer": name}
        stream: Any = StreamSub(self.queue.requests, batch=True, **options)
        policy: dict[str, Any] = {"ack_policy": AckPolicy.MANUAL, "no_reply": True}
        self.broker.subscriber(stream=stream, parser=_parse, decoder=_decode, **policy)(handler)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; raises ValueError where Redis cannot be reached."""
        try:
            self.redis = await self.broker.connect()
            await self._create_group()
            await self.broker.start()
            LOGGER.info("working")
            while not stop.is_set() and all(one.running for one in self.broker.subscribers):
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), WATCH_S)
        except (RedisError, OSError) as error:
            raise ValueError(f"{PATH}: Redis cannot be reached: {error}") from error
        finally:
            await self.broker.stop()
        if not stop.is_set():
            raise ValueError(f"stream '{self.queue.requests}' or its group is gone; start again")

    async def _create_group(self) -> None:
        """From the beginning of the stream: what was sent before counts."""
        try:
            group = self.queue.group
            await self.redis.xgroup_create(self.queue.requests, group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):  # there is one already
                raise

    async def _predict(self, entries: Sequence[Entry]) -> None:
        """Predict all valid rows in one call; what is invalid becomes a dead letter."""
        valid, rows = [], []
        for entry in entries:
            try:
                rows.append(self._validate(entry[1]))
                valid.append(entry)
            except ValueError as error:
                await self._bury(entry, str(error))
        if not rows:
            return
        # In a thread: Redis needs its heartbeat while the model works.
        table = typed_table(self.types, rows)
        outputs = await asyncio.to_thread(self.version.predict, table)
        for entry, output in zip(valid, outputs, strict=True):
            name, found = entry[1][b"id"], {"model_version": self.version.name, **output}
            fields = {"id": name, "prediction": to_json(found)}
            await self._end(entry, self.queue.predictions, fields)
            facts = {"id": name.decode(errors="replace"), **found}
            LOGGER.info("prediction", extra={"facts": facts})

    def _validate(self, fields: dict[bytes, bytes]) -> Any:
        if not fields.get(b"id"):
            raise ValueError("id is missing")
        try:
            return self.row.model_validate(json.loads(fields.get(b"body", b"")))
        except RecursionError as error:
            raise ValueError("the body is nested too deeply") from error
        except ValidationError as error:
            found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
            wrong = [explain_error(one, list(self.types)) for one in found]
            texts = [f"{one['field'] or 'the body'} {one['problem']}" for one in wrong]
            raise ValueError("; ".join(texts)) from error

    async def _retry(self, entries: Sequence[Entry]) -> None:
        """Predict what was held for too long; what was given out too often is a dead letter."""
        for entry in entries:
            found = await self.redis.xpending_range(
                self.queue.requests, self.queue.group, min=entry[0], max=entry[0], count=1
            )
            n_before = int(found[0]["times_delivered"]) - 1 if found else 0
            if n_before < self.queue.max_deliveries:
                await self._predict([entry])
            else:
                await self._bury(entry, f"given out {n_before} times and never predicted")

    async def _bury(self, entry: Entry, reason: str) -> None:
        fields = {name: entry[1].get(name.encode(), b"") for name in ("id", "body")}
        await self._end(entry, self.queue.dead_letters, {**fields, "reason": reason})
        LOGGER.warning("dead-letter", extra={"facts": {"reason": reason}})

    async def _end(self, entry: Entry, stream: str, fields: dict[Any, Any]) -> None:
        """Write the result and remove the request, both or neither."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.xadd(stream, fields, maxlen=self.queue.kept, approximate=True)
            pipe.xack(self.queue.requests, self.queue.group, entry[0])
            pipe.xdel(self.queue.requests, entry[0])
            await pipe.execute()


async def _parse(message: Any) -> RedisBatchStreamMessage:
    """The entries as they came: what cannot be read must get as far as a dead letter."""
    return RedisBatchStreamMessage(message, b"", consumer=FAKE_CONSUMER, group=None)


async def _decode(message: RedisBatchStreamMessage) -> list[Entry]:
    raw = message.raw_message
    return list(zip(raw["message_ids"], raw["data"], strict=True))
