"""The configuration of this project: conf/default.yaml, and over it what a search found best."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .load import load, values_of
from .schema import Config

DEFAULT = "conf/default.yaml"
TUNED = "conf/tuned.yaml"


def load_project(root: Path, overrides: Sequence[str] = ()) -> Config:
    """conf/default.yaml, replaced by conf/tuned.yaml where there is one, then by `key=value` words.

    Raises ValueError with one line a mistake.
    """
    return load(root, DEFAULT, Config, overrides, TUNED)


def tuned(root: Path, config: Config) -> dict[str, Any]:
    """What conf/tuned.yaml decides in `config`, `models.forest.max_depth` and its value.

    Without what the command line replaced, and without the parameters of models that are not used.
    """
    if not (root / TUNED).is_file():
        return {}
    used = dict(_flat(config.model_dump(mode="json")))
    others = tuple(f"models.{name}." for name in type(config.models).model_fields)
    return {
        key: value
        for key, value in _flat(values_of(root, TUNED))
        if used.get(key) == value
        and (key.startswith(f"models.{config.model}.") or not key.startswith(others))
    }


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
