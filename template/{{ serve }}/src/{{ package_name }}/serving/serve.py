"""Predict over HTTP with the champion: `serve port=9000`, values of conf/service.yaml."""

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from ..registry.versions import resolve
from ..utils.logs import log
from .app import PATH, Service, create_app, load_service
from .export import ensure_exported
from .middleware import JsonFormatter
from .model_version import ModelVersion


def run(args: argparse.Namespace) -> None:
    """Serve until SIGTERM; requests under way get their response."""
    # One core answers; the others belong to other processes of the machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    service = load_service(args.root, args.overrides)
    keys, version = read_keys(service), load_version(args.root, service)
    app = create_app(version, service, keys)
    engine = version.facts["engine"]
    log("serve", f"version {version.name} on {engine}; http://{service.host}:{service.port}/docs")
    log_json()
    gc.freeze()  # what is loaded stays: the collector need not look at it again
    config = uvicorn.Config(
        app,
        host=service.host,
        port=service.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=service.stop_s,
    )
    try:
        Server(config, app, service.drain_s).run()
    except SystemExit as error:  # uvicorn's way to report a port that is taken
        place = f"{service.host}:{service.port}"
        raise OSError(f"{place}: cannot listen there; is the port taken?") from error


def load_version(root: Path, service: Service) -> ModelVersion:
    """The version that conf/service.yaml names, exported where that was not done yet."""
    folder = resolve(root, service.model)
    ensure_exported(folder)
    return ModelVersion.load(folder, service.outputs)


def read_keys(service: Service) -> list[str]:
    """The keys in the environment variable `key_env`, between commas."""
    if service.key_env is None:
        return []
    keys = [key.strip() for key in os.environ.get(service.key_env, "").split(",") if key.strip()]
    if not keys:
        raise ValueError(f"{PATH}: key_env names {service.key_env}, which is not set or empty")
    return keys


def log_json() -> None:
    """Log to standard output from now on, one JSON object a line."""
    # What no line shows is not looked up: https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    for name, level in (("uvicorn", logging.WARNING), (__package__, logging.INFO)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.handlers, logger.propagate = [handler], False


class Server(uvicorn.Server):
    """uvicorn that reports on /ready that it will stop, and stops `drain_s` seconds later."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_s: float) -> None:
        super().__init__(config)
        self.app, self.drain_s = app, drain_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second signal, or SIGINT, stops at once."""
        if sig == signal.SIGINT or self.app.state.draining:
            self.should_exit = True
        self.app.state.draining = True
        timer = threading.Timer(self.drain_s, setattr, (self, "should_exit", True))
        timer.daemon = True
        timer.start()
