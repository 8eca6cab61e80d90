"""Predict over HTTP with the champion: `serve port=9000`, values of conf/service.yaml."""

import argparse
import gc
import logging
import os
import sys
from pathlib import Path

import uvicorn

from ..registry.versions import resolve_checked
from ..utils.logs import log
from .app import create_app
from .export import ensure_exported
from .middleware import JsonFormatter
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
    log_json()
    gc.freeze()  # what is loaded stays: the collector would look at it for 30 ms, again and again
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
