"""Answer requests with the champion: `serve port=9000`, values of conf/service.yaml."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..configs.service import SERVICE, Service, load_service
from ..utils.seeds import one_thread_each

if TYPE_CHECKING:
    from fastapi import FastAPI

READS_OVERRIDES = True


def run(config: Config, args: argparse.Namespace) -> int:
    """Serve until told to stop; requests under way are answered before it ends."""
    one_thread_each()
    from .app import create_app
    from .loading import Release
    from .logs import Forwarded, Lines

    service = load_service(args.root, args.overrides)
    key = _key(service)
    release = Release.of(args.root, service.model)
    lines = Lines(sys.stdout.buffer)
    logging.getLogger("uvicorn").addHandler(Forwarded(lines))
    app = create_app(release, service, lines, key=key)
    url = f"http://{service.host}:{service.port}"
    lines.add("info", "starting", url=url, docs=f"{url}/docs", model_version=release.version)
    try:
        return _serve(app, service)
    finally:
        lines.add("info", "stopped", model_version=release.version)
        lines.close()


def _key(service: Service) -> str | None:
    if service.key_env is None:
        return None
    key = os.environ.get(service.key_env)
    if not key:
        raise ValueError(f"{SERVICE}: key_env names {service.key_env}, which is not set or empty")
    return key


def _serve(app: FastAPI, service: Service) -> int:
    import uvicorn

    from .protocol import BoundedHead

    settings: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
    config = uvicorn.Config(
        app,
        host=service.host,
        port=service.port,
        http=BoundedHead,
        timeout_graceful_shutdown=int(service.stop.wait_s) or 1,
        **settings,
    )
    server = _server(config, app, service.stop.drain_s)
    try:
        server.run()
    except SystemExit as end:  # uvicorn's word for a port that is taken
        raise OSError(f"{service.host}:{service.port}: cannot listen there; is it taken?") from end
    return 0


def _server(config: Any, app: FastAPI, drain_s: float) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn that first says on /ready that it will go, and only then closes the door."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            state = app.state.service
            if state.draining or sig == signal.SIGINT:
                self.should_exit = True
            state.draining = True
            timer = threading.Timer(drain_s, setattr, (self, "should_exit", True))
            timer.daemon = True
            timer.start()

    return Server(config)
