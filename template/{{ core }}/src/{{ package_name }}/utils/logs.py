"""Print one line a step, on the screen and in the run's log file."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOGGER = logging.getLogger(__name__)
LOGGER.setLevel(logging.INFO)
LOGGER.propagate = False
STEP_WIDTH = 10


def log(step: str, text: str) -> None:
    """Print `text` after the name of the step; an empty step continues the one above."""
    LOGGER.info("%s%s", step.ljust(STEP_WIDTH), text)


class Screen(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard output; a reader that closes it (`| head`) does not stop the command."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Ignore a closed pipe; report anything else."""
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            return super().handleError(record)
        # Python flushes standard output once more at its end, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def on_screen(level: int = logging.INFO) -> Iterator[None]:
    """Within, lines of this level go to standard output, and nowhere else."""
    screen = Screen(sys.stdout)
    screen.setLevel(level)
    outer, LOGGER.handlers = LOGGER.handlers, [screen]
    try:
        yield
    finally:
        LOGGER.handlers = outer


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Within, lines go to a file as well, each with its time."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s"))
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        handler.close()
