"""One line a step, on the screen and in the run's log file."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOGGER = logging.getLogger(__name__)
STEP_WIDTH = 10


def say(step: str, text: str) -> None:
    """Print `text` after the name of the step; an empty step continues the one above."""
    LOGGER.info("%s%s", step.ljust(STEP_WIDTH), text)


@contextmanager
def on_screen() -> Iterator[None]:
    """Show what is said on standard output."""
    with _handled(logging.StreamHandler(sys.stdout), "%(message)s"):
        yield


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Keep what is said in a file, with the time of each line."""
    with _handled(logging.FileHandler(path, encoding="utf-8"), "%(asctime)s  %(message)s"):
        yield


@contextmanager
def _handled(handler: logging.Handler, form: str) -> Iterator[None]:
    handler.setFormatter(logging.Formatter(form))
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        handler.close()
