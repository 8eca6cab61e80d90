"""What other components add to the service: `service.py` in a package of theirs."""

import asyncio
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from fastapi import FastAPI
from starlette.types import Scope

from .middleware import Metrics
from .model_version import ModelVersion
from .settings import Service

PACKAGE = __name__.rpartition(".serving.")[0]
MODULE = "service"


@dataclass
class Context:
    """What an extension works with.

    build: makes the HTTP interface of another version, `build(version, context)`. paths: those that
    metrics name. tasks: run while the service runs; a task handles its own errors. recorders: are
    called after each response, also that of a request which no extension has seen.
    """

    root: Path
    service: Service
    metrics: Metrics
    build: Callable[[ModelVersion, "Context"], FastAPI]
    paths: set[str] = field(default_factory=set)
    tasks: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    recorders: list[Callable[[Scope], None]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """Within, the tasks run; at the end they are cancelled and waited for."""
        tasks = [asyncio.ensure_future(task()) for task in self.tasks]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def extensions() -> Iterator[ModuleType]:
    """The modules found, the innermost first.

    Each has `PLACE`, a number: a request passes the highest first. It has `wrap(app, context)`,
    which returns an ASGI application around `app`.
    """
    package = import_module(PACKAGE)
    names = [f"{PACKAGE}.{one.name}" for one in pkgutil.iter_modules(package.__path__) if one.ispkg]
    found = [f"{name}.{MODULE}" for name in names if find_spec(f"{name}.{MODULE}")]
    return iter(sorted(map(import_module, found), key=lambda module: int(module.PLACE)))
