"""Predict rows that arrive together in one call, in a thread, within the time budget."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from pydantic import BaseModel, Field

from ..configs.settings import Count, Section
from .middleware import ApiError
from .model_version import ModelVersion, Output
from .requests import column_types, typed_table

Outcome = asyncio.Future[Output]


class Timing(Section):
    """How long a prediction may take, and in how many threads."""

    budget_ms: Annotated[float, Field(ge=0)]
    threads: Count


class Batcher:
    """Predicts with one version for all requests, in threads, so that the service stays reachable.

    Single rows that arrive in the same turn of the event loop become one table, so that they share
    the cost of a call. Source: Crankshaw et al. (2017), Clipper, NSDI.
    """

    def __init__(self, version: ModelVersion, timing: Timing, concurrency: int) -> None:
        self.version, self.timing, self.concurrency = version, timing, concurrency
        self.types = column_types(version.schema)
        self.pool = ThreadPoolExecutor(timing.threads)
        self.n_running = 0  # requests whose body has arrived
        self._waiting: list[tuple[BaseModel, Outcome]] = []

    async def predict(self, rows: Sequence[BaseModel]) -> list[Output]:
        """One output per row of a request; raises ApiError where too many are under way."""
        if self.n_running >= self.concurrency:
            raise ApiError(503, "too_busy", "too many requests at once")
        self.n_running += 1
        try:
            async with asyncio.timeout(self.timing.budget_ms / 1000):
                return [await self._add(rows[0])] if len(rows) == 1 else await self._call(rows)
        except TimeoutError:
            return [self.version.fallback("slow")] * len(rows)
        finally:
            self.n_running -= 1

    def _call(self, rows: Sequence[BaseModel]) -> asyncio.Future[list[Output]]:
        table, loop = typed_table(self.types, rows), asyncio.get_running_loop()
        return loop.run_in_executor(self.pool, self.version.predict, table)

    def _add(self, row: BaseModel) -> Outcome:
        """The future output of a row, which waits for the end of this turn."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._call_all)
        future: Outcome = loop.create_future()
        self._waiting.append((row, future))
        return future

    def _call_all(self) -> None:
        waiting, self._waiting = self._waiting, []

        def finish(done: asyncio.Future[list[Output]]) -> None:
            for (_, future), output in zip(waiting, done.result(), strict=True):
                if not future.done():  # else it took too long, or its client has gone
                    future.set_result(output)

        self._call([row for row, _ in waiting]).add_done_callback(finish)
