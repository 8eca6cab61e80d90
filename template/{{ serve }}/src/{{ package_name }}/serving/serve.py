"""Predict over HTTP with the champion: `serve port=9000`, values of conf/service.yaml."""

import argparse
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from ..registry.versions import resolve_checked
from ..utils.logs import log
from .app import create_app
from .export import ensure_exported
from .middleware import JsonLog
from .model_version import ModelVersion
from .settings import PATH, Service, load_service


def run(args: argparse.Namespace) -> None:
    """Serve until SIGTERM; requests under way get their response."""
    # One core answers; the others belong to other processes of the machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    service = load_service(args.root, args.overrides)
    keys, version = read_keys(service), load_version(args.root, service)
    app, engine = create_app(version, service, keys), version.facts["engine"]
    log("serve", f"version {version.name} on {engine}; http://{service.host}:{service.port}/docs")
    with log_json():
        gc.freeze()  # the collector would look at what stays loaded for 30 ms, again and again
        uvicorn.run(
            app,
            host=service.host,
            port=service.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=service.stop_s,
        )


def load_version(root: Path, service: Service, name: str | None = None) -> ModelVersion:
    """A version, exported where that was not done yet; by default the one of conf/service.yaml."""
    folder = resolve_checked(root, service.model if name is None else name)
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


@contextmanager
def log_json(path: Path | None = None) -> Iterator[None]:
    """Log to standard output or a file, one JSON object a line; in the end, how many were lost."""
    # What no line shows is not looked up: https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    with suppress(OSError):  # counts from here on
        sys.stdout.flush()
    place = path or sys.stdout.fileno()
    with open(place, "ab", buffering=0, closefd=path is not None) as stream:
        handler = JsonLog(stream)
        for name, level in (("uvicorn", logging.WARNING), (__package__, logging.INFO)):
            logger = logging.getLogger(name)
            logger.setLevel(level)
            logger.handlers, logger.propagate = [handler], False
        try:
            yield
        finally:
            if handler.n_lost:
                sys.stderr.write(f"log: {handler.n_lost} lines could not be written\n")
