"""Ask the model, and the fallback where it is absent, fails or takes too long."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from .fallback import Fallback, Reason, Said
from .problems import RETRY_AFTER, Refused
from .requests import Asked

if TYPE_CHECKING:
    from ..configs.service import Service
    from ..model.scorer import Scorer
    from .loading import Release
    from .logs import Lines

T = TypeVar("T")
# More rows than this are answered beside the event loop, however fast the model is.
MAX_INLINE_ROWS = 10
N_WARM_UPS, WARM_UP_S = 5, 0.1


class Threads:
    """Threads that a model may hang in without keeping the process from ending.

    Those of concurrent.futures are waited for when Python ends.
    """

    def __init__(self, n_threads: int) -> None:
        self._tasks: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        for _ in range(n_threads):
            threading.Thread(target=self._work, name="model", daemon=True).start()

    async def run(
        self, function: Callable[..., T], *args: Any, timeout_s: float | None = None
    ) -> T:
        """The function's result; raises TimeoutError, and what the function raises.

        Where nobody waits any more, a call that has not begun never does.
        """
        future: Future[T] = Future()
        self._tasks.put((future, lambda: function(*args)))
        return await asyncio.wait_for(asyncio.wrap_future(future), timeout_s)

    def _work(self) -> None:
        while True:
            future, call = self._tasks.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # whoever waits gets it
                future.set_exception(error)


class Answerer:
    """Answers rows with one release."""

    def __init__(self, release: Release, service: Service, lines: Lines) -> None:
        self.release, self.service, self.lines = release, service, lines
        self.fallback = Fallback(release, service.answers)
        self.threads = Threads(service.threads)
        self.scorer: Scorer | None = None
        self.absent: Literal["loading", "absent"] = "loading"
        self.inline = False

    def load(self) -> None:
        """Take the model into memory; where that fails, the fallback goes on answering."""
        try:
            self.use(self.release.load_scorer())
        except Exception as error:  # whatever is wrong with the file, there is an answer
            self.absent = "absent"
            self.lines.failed("model-absent", error, model_version=self.release.version)

    def use(self, scorer: Scorer) -> None:
        """Answer with this model from now on; the first calls are slow, and nobody waits for them.

        A model that answers a row faster than inline_ms is called in the event loop, since a
        thread costs more than it does.
        """
        numbers, texts = self.release.middle()
        took: list[float] = []
        while len(took) < N_WARM_UPS and sum(took) < WARM_UP_S:
            started = time.perf_counter()
            scorer.score(numbers, texts)
            took.append(time.perf_counter() - started)
        self.inline = min(took) * 1e3 < self.service.inline_ms
        self.scorer = scorer

    async def answer(self, asked: Asked) -> list[Said]:
        """An answer for each row, whatever happens to the model."""
        if self.scorer is None:
            return self._instead(asked, self.absent)
        try:
            if self.inline and len(asked) <= MAX_INLINE_ROWS:
                return self._inline(self.scorer, asked)
            return await self.threads.run(
                self._answer, self.scorer, asked, timeout_s=self.service.budget_ms / 1e3
            )
        except TimeoutError:
            return self._instead(asked, "slow")
        except Exception as error:  # a model is another program, which may fail in its own ways
            self.lines.failed("model-failed", error, model_version=self.release.version)
            return self._instead(asked, "failed")

    async def explain(self, asked: Asked) -> dict[str, Any]:
        """What model/contributions.py says of one row.

        Raises Refused where there is no model, or where it takes longer than explain_ms.
        """
        from ..model.contributions import explain

        if self.scorer is None:
            raise Refused("no_model", f"the model is {self.absent}", headers={RETRY_AFTER: "5"})
        parts = (asked.numbers, asked.texts, self.release.reference)
        try:
            return await self.threads.run(
                explain, self.scorer, *parts, timeout_s=self.service.explain_ms / 1e3
            )
        except TimeoutError:
            message = f"the explanation takes longer than {self.service.explain_ms:g} ms"
        except Exception as error:  # as above
            self.lines.failed("explanation-failed", error, model_version=self.release.version)
            message = "the model could not be asked; the log says why"
        raise Refused("no_model", message, headers={RETRY_AFTER: "5"})

    def _inline(self, scorer: Scorer, asked: Asked) -> list[Said]:
        started = time.perf_counter()
        said = self._answer(scorer, asked)
        # It was fast when it was loaded. It never gets to stop all the others twice.
        if (time.perf_counter() - started) * 1e3 > self.service.budget_ms:
            self.inline = False
        return said

    def _answer(self, scorer: Scorer, asked: Asked) -> list[Said]:
        return self.fallback.checked(scorer.score(asked.numbers, asked.texts))

    def _instead(self, asked: Asked, reason: Reason) -> list[Said]:
        return [self.fallback.said(reason)] * len(asked)
