"""Tell whoever in trackers/ keeps runs as well; a tracker that fails takes nothing from logs/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..utils.logs import say
from ..utils.plugins import modules_of, name_of
from ..utils.runs import Run


def track(root: Path, run: Run) -> None:
    """A run is over. Each tracker has `track(root, run)`."""
    _tell("track", root, run)


def evaluated(root: Path, run: Run, evaluation: Mapping[str, Any]) -> None:
    """A run was judged. A tracker may have `evaluated(root, run, evaluation)`."""
    _tell("evaluated", root, run, evaluation)


def _tell(what: str, *facts: Any) -> None:
    from . import trackers

    for module in modules_of(trackers):
        if not hasattr(module, what):
            continue
        try:
            getattr(module, what)(*facts)
        except Exception as error:  # a tracker is another program, which may fail in its own ways
            why = f"{type(error).__name__}: {error}"
            say("", f"warning   {name_of(module)} has not got this run: {why}")
