"""Read YAML files and key=value changes into settings; every mistake is one line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError
from yaml import YAMLError  # type: ignore[import-untyped]

from ..utils.names import hint
from .settings import Config

Settings = TypeVar("Settings", bound=BaseModel)
DEFAULT, TUNED = "conf/default.yaml", "conf/tuned.yaml"
COMMAND_LINE = "command line"


def load_project(root: Path, overrides: Sequence[str] = ()) -> Config:
    """conf/default.yaml, then conf/tuned.yaml where it exists, then `key=value` words.

    Raises ValueError with one line a mistake.
    """
    return load(root, DEFAULT, Config, overrides, TUNED)


def load(
    root: Path,
    path: str,
    settings: type[Settings],
    overrides: Sequence[str] = (),
    layer: str | None = None,
) -> Settings:
    """The values of root/path as an object of `settings`.

    layer: a file whose values replace those of `path`, where it exists; overrides win over both.

    Raises ValueError with one line a mistake: the file, the key, what was seen, the nearest name.
    """
    names = [path] + ([layer] if layer and (root / layer).is_file() else [])
    sources = {name: _read(root, name) for name in names}
    if odd := [word for word in overrides if not word.partition("=")[1] or word[0] == "="]:
        raise ValueError(f"{COMMAND_LINE}: '{odd[0]}' is not key=value")
    try:
        sources[COMMAND_LINE] = OmegaConf.from_dotlist(list(overrides))
        merged = OmegaConf.merge(*sources.values())
        content = OmegaConf.to_container(merged, resolve=True)
    except (OmegaConfBaseException, TypeError, YAMLError) as error:
        place = COMMAND_LINE if overrides else path
        raise ValueError(f"{place}: {_first_line(error)}") from error
    try:
        return settings.model_validate(content)
    except ValidationError as error:
        raise ValueError(explain(error, settings, sources)) from error


def explain(
    error: ValidationError, settings: type[BaseModel], sources: Mapping[str, Mapping[Any, Any]]
) -> str:
    """One line for each mistake. sources: file name -> its values; later ones win."""
    lines = []
    for found in error.errors():
        *above, key = location = [str(part) for part in found["loc"]] or [""]
        path, kind = ".".join(location), found["type"]
        text = f"{path} must be {found['msg'].removeprefix('Input should be ')}"
        text += f", got {found['input']!r}"
        if kind == "extra_forbidden":
            inside = f" in {'.'.join(above)}" if above else ""
            text = f"unknown key '{key}'{inside}; {hint(key, _keys(settings, above))}"
        elif kind == "missing":
            text = f"{path} is missing"
        elif kind == "value_error":
            text = f"{path}: {found['ctx']['error']}"
        # The last source that sets the key; the first where none does.
        places = [name for name, values in sources.items() if _holds(values, location)]
        lines.append(f"{[next(iter(sources)), *places][-1]}: {text}")
    return "\n".join(dict.fromkeys(lines))


def _read(root: Path, name: str) -> DictConfig:
    try:
        values = OmegaConf.load(root / name)
    except FileNotFoundError as error:
        raise ValueError(f"{name}: no such file; restore it from git") from error
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: not valid YAML: {_first_line(error)}") from error
    if not isinstance(values, DictConfig):
        raise ValueError(f"{name}: must hold `key: value` lines, got a list")
    return values


def _holds(values: Any, location: Sequence[str]) -> bool:
    """Whether a file sets this key."""
    for part in location:
        values = values.get(part) if isinstance(values, Mapping | DictConfig) else None
    return values is not None


def _keys(settings: Any, above: Sequence[str]) -> list[str]:
    """The keys that are known at a place in the settings."""
    for part in above:
        field = getattr(settings, "model_fields", {}).get(part)
        settings = field.annotation if field else None
    return list(getattr(settings, "model_fields", {}))


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    text = str(getattr(error, "problem", None) or error)
    return where + text.partition("\n")[0]
