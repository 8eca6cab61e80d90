"""Read YAML files with key=value changes into a schema; every mistake is one line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError
from yaml import YAMLError  # type: ignore[import-untyped]

from .mistakes import sentence

Schema = TypeVar("Schema", bound=BaseModel)
COMMAND_LINE = "command line"


def load(
    root: Path,
    path: str,
    schema: type[Schema],
    overrides: Sequence[str] = (),
    layer: str | None = None,
) -> Schema:
    """The values of root/path, changed by `key=value` words, as an object of `schema`.

    layer: a file whose values replace those of `path`, where there is such a file; the words win.

    Raises ValueError with one line a mistake; each names the file or the command line, the key,
    what was seen and the nearest right name.
    """
    values, over = _read(root / path, path), DictConfig({})
    if layer and (root / layer).is_file():
        over = _read(root / layer, layer)
    changes = [over, *(_change(word) for word in overrides)]
    try:
        # A merge copies every value, which takes as long as reading them.
        merged = OmegaConf.merge(values, *changes) if any(changes) else values
        content = OmegaConf.to_container(merged, resolve=True)
    except OmegaConfBaseException as error:
        raise ValueError(f"{path}: {_first_line(error)}") from error
    except TypeError as error:  # OmegaConf's, where a mapping meets a list
        place = COMMAND_LINE if overrides else path
        said = "a list is given where there are `key: value` lines, or the other way round"
        raise ValueError(f"{place}: {said}") from error
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        changed = {word.partition("=")[0] for word in overrides}
        lines = [
            sentence(
                dict(found),
                schema,
                _place(found["loc"], changed, _file(found["loc"], over, layer, path)),
            )
            for found in error.errors()
        ]
        raise ValueError("\n".join(dict.fromkeys(lines))) from error


def values_of(root: Path, path: str) -> dict[str, Any]:
    """The values of a YAML file as they stand there, without a schema."""
    return cast(dict[str, Any], OmegaConf.to_container(_read(root / path, path), resolve=True))


def _read(path: Path, name: str) -> DictConfig:
    try:
        values = OmegaConf.load(path)
    except FileNotFoundError as error:
        raise ValueError(f"{name}: no such file; restore it from git") from error
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: not valid YAML: {_first_line(error)}") from error
    if not isinstance(values, DictConfig):
        raise ValueError(f"{name}: must hold `key: value` lines, got a list")
    return values


def _change(word: str) -> DictConfig:
    key, equals, _ = word.partition("=")
    if not equals or not key:
        raise ValueError(f"{COMMAND_LINE}: '{word}' is not key=value")
    try:
        return OmegaConf.from_dotlist([word])
    except (YAMLError, OmegaConfBaseException) as error:
        raise ValueError(f"{COMMAND_LINE}: {key}: {_first_line(error)}") from error


def _file(location: Sequence[Any], over: DictConfig, layer: str | None, path: str) -> str:
    """The file that sets this key: the layer if it does, else the one below it."""
    key = ".".join(str(part) for part in location)
    in_layer = bool(layer and key) and OmegaConf.select(over, key) is not None
    return str(layer) if in_layer else path


def _place(location: Sequence[Any], changed: set[str], name: str) -> str:
    """Who made the mistake: the command line if it set this key, one above or one below it."""
    key = ".".join(str(part) for part in location)
    for other in changed:
        if key == other or key.startswith(f"{other}.") or (key and other.startswith(f"{key}.")):
            return COMMAND_LINE
    return COMMAND_LINE if not key and changed else name


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1}: {getattr(error, 'problem', error)}"
    return str(error).partition("\n")[0]
