"""Predict rows that arrive together in one call, within the time budget."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from pydantic import BaseModel, Field

from ..configs.settings import Count, Section
from .middleware import ApiError
from .model_version import ModelVersion, Output
from .requests import column_types, typed_table

Milliseconds = Annotated[float, Field(ge=0)]
N_TIMED = 5
Waiting = list[tuple[BaseModel, asyncio.Future[Output]]]


class Timing(Section):
    """How long a prediction may take, and from when on it runs in a thread."""

    budget_ms: Milliseconds
    explain_ms: Milliseconds
    inline_ms: Milliseconds
    threads: Count


class Batcher:
    """Predicts with one version for all requests of one event loop.

    Single rows that arrive in the same turn of the event loop become one table, so that they share
    the cost of a call. Source: Crankshaw et al. (2017), Clipper, NSDI.
    """

    def __init__(self, version: ModelVersion, timing: Timing, concurrency: int) -> None:
        self.version, self.timing, self.concurrency = version, timing, concurrency
        self.types = column_types(version.schema)
        self.pool = ThreadPoolExecutor(timing.threads)
        self.call_ms = self._fastest_ms(1)
        n_rows = len(version.background)
        self.row_ms = max(self._fastest_ms(n_rows) - self.call_ms, 0) / n_rows
        self.n_running = 0  # requests whose body has arrived
        self._waiting: Waiting = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def predict(self, rows: Sequence[BaseModel]) -> list[Output]:
        """One output per row of a request; raises ApiError where too many are under way."""
        if self.n_running >= self.concurrency:
            raise ApiError(503, "too_busy", "too many requests at once", wait_s=1)
        self.n_running += 1
        try:
            return [await self._together(rows[0])] if len(rows) == 1 else await self._call(rows)
        finally:
            self.n_running -= 1

    async def _call(self, rows: Sequence[BaseModel]) -> list[Output]:
        """The fallback's outputs after `budget_ms`."""
        table, loop = typed_table(self.types, rows), asyncio.get_running_loop()
        if self.call_ms + self.row_ms * len(rows) <= self.timing.inline_ms:
            return self.version.predict(table)
        task = loop.run_in_executor(self.pool, self.version.predict, table)
        try:
            return await asyncio.wait_for(task, self.timing.budget_ms / 1000)
        except TimeoutError:
            return [self.version.fallback("slow")] * len(rows)

    async def _together(self, row: BaseModel) -> Output:
        """The output of a row, predicted with those that arrive in the same turn."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)
        future: asyncio.Future[Output] = loop.create_future()
        self._waiting.append((row, future))
        return await future

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        task = asyncio.get_running_loop().create_task(self._finish(waiting))
        self._tasks.add(task)  # the event loop itself keeps no reference
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, waiting: Waiting) -> None:
        outputs = await self._call([row for row, _ in waiting])
        for (_, future), output in zip(waiting, outputs, strict=True):
            if not future.done():  # else its client has gone
                future.set_result(output)

    def _fastest_ms(self, n_rows: int) -> float:
        seconds = []
        for _ in range(N_TIMED):
            started = time.perf_counter()
            self.version.predict(self.version.background[:n_rows])
            seconds.append(time.perf_counter() - started)
        return min(seconds) * 1000
