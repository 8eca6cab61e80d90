"""Which functions a request to /predict spends its time in: `profile-service`."""

import argparse
import asyncio
import cProfile
import pstats
from collections.abc import Callable
from concurrent.futures import Executor, Future
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from starlette.types import ASGIApp, Message

from ..registry.versions import CHAMPION, resolve
from ..serving import batching
from ..serving.app import JSON, create_app
from ..serving.serve import load_version, read_keys
from ..serving.settings import load_service
from ..utils.files import write_text
from ..utils.logs import log
from .feature_cost import own_functions
from .instance import UNLIMITED, bodies, check, copied, newest

REPORT = Path("reports", "profile-service.txt")
N_FIRST, N_SHOWN, N_PRINTED = 20, 40, 8


class SameThread(Executor):
    """Runs what is submitted at once: the profiler sees one thread."""

    def __init__(self, *threads: int) -> None:
        """Takes what a pool of threads takes."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The result or the error, in a future."""
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many requests of which version."""
    parser.add_argument("--requests", type=int, default=500, help="of one row (default: 500)")
    parser.add_argument("--version", help="a version or alias (default: the newest)")


def run(args: argparse.Namespace) -> None:
    """Write reports/profile-service.txt."""
    with copied(args.root, resolve(args.root, args.version or newest(args.root))) as root:
        profile = asyncio.run(profiled(root, args.requests))
    text = StringIO()
    stats = pstats.Stats(profile, stream=text).sort_stats("cumulative")
    text.write(f"{args.requests} requests of one row to /predict; sorted by cumtime\n")
    stats.print_stats(N_SHOWN)
    text.write("Sorted by tottime, the time in a function without what it calls\n")
    stats.sort_stats("tottime").print_stats(N_SHOWN)
    write_text(args.root / REPORT, text.getvalue().replace(f"{Path.cwd()}/", ""))
    served = [one for one in own_functions(profile) if not one[0].startswith("operations/")]
    for name, seconds in served[:N_PRINTED]:
        log("profile", f"{seconds / args.requests * 1000:>8.3f} ms  {name}")
    log("", f"record    {REPORT.as_posix()}")


async def profiled(root: Path, n_requests: int) -> cProfile.Profile:
    """A profile of the application itself, without a network or a second thread."""
    service = load_service(root, [f"model={CHAMPION}", *UNLIMITED])
    keys = read_keys(service)
    with mock.patch.object(batching, "ThreadPoolExecutor", SameThread):
        app = create_app(load_version(root, service), service, keys)
    rows, profile = bodies(root), cProfile.Profile()
    for number in range(N_FIRST + n_requests):
        if number == N_FIRST:
            profile.enable()
        await _post(app, rows[number % len(rows)], keys[:1])
    profile.disable()
    return profile


async def _post(app: ASGIApp, body: bytes, keys: list[str]) -> None:
    """One request; raises ValueError unless its status is 200."""
    headers = {"content-type": JSON, "content-length": str(len(body))}
    headers |= {"x-api-key": keys[0]} if keys else {}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
    }
    received = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop() if received else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    check(sent[0]["status"], sent[1]["body"])
