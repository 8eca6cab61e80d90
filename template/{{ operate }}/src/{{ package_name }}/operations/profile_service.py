"""Which functions a request to /predict spends its time in: `profile-service`."""

import argparse
import asyncio
import cProfile
import pstats
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from httpx2 import ASGITransport, AsyncClient  # of the development dependencies

from ..registry.versions import CHAMPION
from ..serving.app import create_app
from ..serving.serve import load_version, read_keys
from ..serving.settings import load_service
from ..utils.files import write_text
from ..utils.logs import log
from .instance import PACKAGE, UNLIMITED, bodies, copied, headers, newest

REPORT = Path("reports", "profile-service.txt")
N_FIRST, N_REQUESTS, N_SHOWN = 20, 500, 40


def run(args: argparse.Namespace) -> None:
    """Write reports/profile-service.txt: functions of the project, then all."""
    with copied(args.root, newest(args.root)) as root:
        profile = asyncio.run(profiled(root))
    text = StringIO()
    stats = pstats.Stats(profile, stream=text).sort_stats("cumulative")
    stats.print_stats(f"src.{PACKAGE}.(?!operations)", N_SHOWN)
    stats.sort_stats("tottime").print_stats(N_SHOWN)
    write_text(args.root / REPORT, text.getvalue().replace(f"{Path.cwd()}/", ""))
    log("profile", f"{N_REQUESTS} requests of one row: {REPORT.as_posix()}")


async def profiled(root: Path) -> cProfile.Profile:
    """A profile of the application itself, without a network or a second thread."""
    service = load_service(root, [f"model={CHAMPION}", *UNLIMITED])
    app = create_app(load_version(root, service), service, read_keys(service))
    rows, profile = bodies(root), cProfile.Profile()
    client = AsyncClient(
        transport=ASGITransport(app), base_url="http://service", headers=headers(root)
    )
    with mock.patch.object(asyncio.get_running_loop(), "run_in_executor", in_this_thread):
        for number in range(N_FIRST + N_REQUESTS):
            if number == N_FIRST:
                profile.enable()
            response = await client.post("/predict", content=rows[number % len(rows)])
        profile.disable()
    if b'"source":"model"' not in response.content:
        raise ValueError(f"the model does not predict: {response.text[:200]}")
    return profile


def in_this_thread(_: Any, function: Callable[..., Any], *values: Any) -> "asyncio.Task[Any]":
    """In place of `run_in_executor`: a profiler sees the functions of its own thread alone."""

    async def call() -> Any:
        return function(*values)

    return asyncio.ensure_future(call())
