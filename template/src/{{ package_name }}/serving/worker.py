"""Answer requests from Redis with the champion: `worker rows=10`, values of conf/queue.yaml."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

from ..configs.queue import Queue, load_queue
from ..configs.schema import Config
from ..configs.service import load_service
from ..utils.seeds import one_thread_each

if TYPE_CHECKING:
    from .logs import Lines
    from .queueing.worker import Worker

READS_OVERRIDES = True


def run(config: Config, args: argparse.Namespace) -> int:
    """Work until told to stop; requests in hand are answered before it ends."""
    one_thread_each()
    from .loading import Loaded
    from .logs import Forwarded, Lines
    from .queueing.desk import Desk
    from .queueing.worker import LOGGER, Worker

    queue = load_queue(args.root, args.overrides)
    url = _url(queue)
    loaded = Loaded.of(args.root, queue.model)
    desk = Desk(loaded, load_service(args.root).answers, queue)
    lines = Lines(sys.stdout.buffer)
    logging.getLogger(LOGGER).addHandler(Forwarded(lines))
    lines.add("info", "starting", group=queue.group, model_version=loaded.version)
    try:
        asyncio.run(_until_told(Worker(desk, queue, url, lines), lines))
    finally:
        lines.add("info", "stopped", model_version=loaded.version)
        lines.close()
    return 0


def _url(queue: Queue) -> str:
    """The address; from the environment where it stands there, since it may hold a password."""
    return (os.environ.get(queue.url_env) if queue.url_env else None) or queue.url


async def _until_told(worker: Worker, lines: Lines) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    writing = asyncio.create_task(lines.keep_writing())
    try:
        await worker.run(stop)
    finally:
        writing.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
