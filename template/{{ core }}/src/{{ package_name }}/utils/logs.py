"""Print one line a step, on the screen and in the run's log file."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOGGER = logging.getLogger(__name__)
STEP_WIDTH = 10


class Screen(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard output; a reader that closes it (`| head`) does not stop the command."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Ignore a closed pipe; report anything else."""
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            return super().handleError(record)
        # Python flushes standard output once more at its end, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def log(step: str, text: str) -> None:
    """Print `text` after the name of the step; an empty step continues the one above."""
    LOGGER.info("%s%s", step.ljust(STEP_WIDTH), text)


@contextmanager
def on_screen() -> Iterator[None]:
    """Within, lines go to standard output."""
    with _handled(Screen(), "%(message)s"):
        yield


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Within, lines go to a file as well, each with its time."""
    with _handled(logging.FileHandler(path, encoding="utf-8"), "%(asctime)s  %(message)s"):
        yield


@contextmanager
def off_screen() -> Iterator[None]:
    """Within, lines go to files only."""
    screens = [handler for handler in LOGGER.handlers if isinstance(handler, Screen)]
    for screen in screens:
        screen.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for screen in screens:
            screen.setLevel(logging.NOTSET)


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
