"""The configuration of this project: conf/default.yaml, and over it what a search found best."""

from collections.abc import Sequence
from pathlib import Path

from .load import load
from .schema import Config

DEFAULT = "conf/default.yaml"
TUNED = "conf/tuned.yaml"


def load_project(root: Path, overrides: Sequence[str] = ()) -> Config:
    """conf/default.yaml, replaced by conf/tuned.yaml where there is one, then by `key=value` words.

    Raises ValueError with one line a mistake.
    """
    return load(root, DEFAULT, Config, overrides, TUNED)
