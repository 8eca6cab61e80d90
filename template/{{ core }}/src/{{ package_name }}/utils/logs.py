"""Print one line a step, on the screen and in the run's log file."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOGGER = logging.getLogger(__name__)
LOGGER.setLevel(logging.INFO)
LOGGER.propagate = False
STEP_WIDTH = 10


def log(step: str, text: str) -> None:
    """Print `text` after the name of the step; an empty step continues the one above."""
    LOGGER.info("%s%s", step.ljust(STEP_WIDTH), text)


class Screen(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard output; one that is closed (`| head`) or full does not stop the command."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Write no more; report what is no closed pipe and no full disk."""
        if not isinstance(sys.exc_info()[1], OSError):
            return super().handleError(record)
        give_up(self, "standard output")


class LogFile(logging.FileHandler):
    """The log file of a run; one that cannot be written does not stop the command."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Write no more."""
        give_up(self, self.baseFilename)


def give_up(handler: logging.Handler, name: str) -> None:
    """Write no more to a log; one line on standard error, unless its reader closed a pipe."""
    handler.setLevel(logging.CRITICAL + 1)
    if not isinstance(error := sys.exc_info()[1], BrokenPipeError):
        sys.stderr.write(f"{name}: {error}; the lines from here on are lost\n")


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
        try:
            sys.stdout.flush()
        except OSError:  # Python would flush it once more at its end, and fail
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Within, lines go to a file as well, each with its time."""
    handler = LogFile(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s"))
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        with suppress(OSError):  # what it could not write was reported
            handler.close()
