"""Take requests from Redis, a few at a time, until told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, BatchStreamMessage, RedisBatchStreamMessage
from redis.exceptions import RedisError

from .desk import refused
from .exchange import Ending, Entry, Exchange

if TYPE_CHECKING:
    from ...configs.queue import Queue
    from ..logs import Lines
    from .desk import Desk

# Not `faststream`: to that logger it adds a handler of its own.
LOGGER = __name__
WATCH_S = 0.5
READ_MS = 500
# How often held requests are looked for within the time after which they are taken over.
LOOKS = 4


class Worker:
    """One consumer of the group: of new requests, and of those that another one left behind."""

    def __init__(self, desk: Desk, queue: Queue, url: str, lines: Lines) -> None:
        self.desk, self.queue, self.lines = desk, queue, lines
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.exchange: Exchange
        self.broker = RedisBroker(
            url,
            apply_types=False,
            logger=logging.getLogger(LOGGER),
            graceful_timeout=queue.stop_s,
        )
        idle_ms = max(1, int(queue.claim_after_s * 1000))
        look_ms = max(1, idle_ms // LOOKS)
        self._subscribe(self._take, polling_interval=READ_MS, max_records=queue.rows)
        self._subscribe(self._take_over, polling_interval=look_ms, min_idle_time=idle_ms)

    def _subscribe(self, handler: Any, **settings: Any) -> None:
        requests, group = self.queue.streams.requests, self.queue.group
        stream = StreamSub(requests, group=group, consumer=self.name, batch=True, **settings)
        self.broker.subscriber(
            stream=stream,
            parser=_as_it_came,
            decoder=_entries,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
        )(handler)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; what is in hand then is answered first.

        Raises ValueError where Redis cannot be reached, or its group is gone.
        """
        try:
            self.exchange = Exchange(await self.broker.connect(), self.queue)
            await self.exchange.open()
            await self.broker.start()
            self.lines.add("info", "working", consumer=self.name)
            await self._watch(stop)
        except (RedisError, OSError) as error:
            raise ValueError(f"Redis does not answer: {error}") from error
        finally:
            await self.broker.stop()

    async def _watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not all(subscriber.running for subscriber in self.broker.subscribers):
                raise ValueError(
                    f"stream '{self.queue.streams.requests}' or its group '{self.queue.group}' "
                    f"is gone; a worker that starts makes both anew"
                )
            try:
                await asyncio.wait_for(stop.wait(), WATCH_S)
            except TimeoutError:
                continue

    async def _take(self, entries: Sequence[Entry]) -> None:
        """Answer requests. Those that the model fails on stay, and are taken over later."""
        try:
            # In a thread: Redis is still talked to while the model works.
            await self._end(await asyncio.to_thread(self.desk.answer, entries))
        except Exception as error:  # a model is another program, which may fail in its own ways
            self.lines.failed("not-answered", error, n_requests=len(entries))

    async def _take_over(self, entries: Sequence[Entry]) -> None:
        """Answer what was held for too long; what nobody could answer is refused."""
        for entry in entries:
            n_before = await self.exchange.n_deliveries(entry) - 1
            if n_before < self.queue.max_deliveries:
                await self._take([entry])
            else:
                why = (
                    f"given out {n_before} times and never answered; the workers' logs may say why"
                )
                await self._end([refused(entry, why)])

    async def _end(self, endings: Sequence[Ending]) -> None:
        outcomes = await self.exchange.settle(endings)
        for ending, outcome in zip(endings, outcomes, strict=True):
            if outcome == "written":
                self.lines.add("info", ending.event, **ending.facts)
            else:
                self.lines.add("info", outcome, request_id=ending.facts["request_id"])


async def _as_it_came(message: BatchStreamMessage) -> RedisBatchStreamMessage:
    """Nothing is interpreted here: what cannot be read must get as far as a reason."""
    return RedisBatchStreamMessage(message, b"", consumer=FAKE_CONSUMER, group=None)


async def _entries(message: RedisBatchStreamMessage) -> list[Entry]:
    raw = message.raw_message
    pairs = zip(raw["message_ids"], raw["data"], strict=True)
    return [Entry(number, fields) for number, fields in pairs]
