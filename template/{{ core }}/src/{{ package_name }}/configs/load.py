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
DEFAULT = "conf/default.yaml"
TUNED = "conf/tuned.yaml"
COMMAND_LINE = "command line"
# Keys of earlier versions of the template, and their names now.
RENAMED: dict[str, str] = {}
LIMITS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def load_project(root: Path, overrides: Sequence[str] = ()) -> Config:
    """conf/default.yaml, then conf/tuned.yaml where there is one, then `key=value` words.

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
    sources = {path: _read(root / path, path)}
    if layer and (root / layer).is_file():
        sources[layer] = _read(root / layer, layer)
    for word in overrides:
        sources[f"{COMMAND_LINE}: {word}"] = _parse_override(word)
    try:
        merged = OmegaConf.merge(*sources.values())
        content = OmegaConf.to_container(merged, resolve=True)
    except (OmegaConfBaseException, TypeError) as error:
        raise ValueError(f"{path}: {_first_line(error)}") from error
    try:
        return settings.model_validate(content)
    except ValidationError as error:
        lines = [_explain(dict(one), settings, sources) for one in error.errors()]
        raise ValueError("\n".join(dict.fromkeys(lines))) from error


def explain_all(error: ValidationError, settings: type[BaseModel], path: str) -> str:
    """One line for each mistake that pydantic found in the file `path`."""
    lines = [_explain(dict(one), settings, {path: DictConfig({})}) for one in error.errors()]
    return "\n".join(dict.fromkeys(lines))


def _read(path: Path, name: str) -> DictConfig:
    try:
        values = OmegaConf.load(path)
    except FileNotFoundError as error:
        raise ValueError(f"{name}: no such file; restore it from git") from error
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: not valid YAML: {_first_line(error)}") from error
    if not isinstance(values, DictConfig):
        raise ValueError(f"{name}: must hold `key: value` lines, got a list")
    for old, new in RENAMED.items():
        if (value := OmegaConf.select(values, old)) is not None:
            OmegaConf.update(values, new, value, force_add=True)
            values.pop(old)
    return values


def _parse_override(word: str) -> DictConfig:
    key, equals, _ = word.partition("=")
    if not equals or not key:
        raise ValueError(f"{COMMAND_LINE}: '{word}' is not key=value")
    try:
        return OmegaConf.from_dotlist([word])
    except (YAMLError, OmegaConfBaseException) as error:
        raise ValueError(f"{COMMAND_LINE}: {key}: {_first_line(error)}") from error


def _explain(
    found: dict[str, Any], settings: type[BaseModel], sources: Mapping[str, DictConfig]
) -> str:
    """One line for one error of pydantic."""
    location = [str(part) for part in found["loc"]]
    where = f"{_source_of(location, sources)}: "
    kind, key = str(found["type"]), ".".join(location)
    if kind == "extra_forbidden":
        *above, name = location
        inside = f" in {'.'.join(above)}" if above else ""
        return f"{where}unknown key '{name}'{inside}; {hint(name, _keys(settings, above))}"
    if kind == "missing":
        return f"{where}{key} is missing"
    if kind == "value_error":
        return f"{where}{key}: {found['ctx']['error']}"
    return f"{where}{key} must be {_requirement(found)}, got {found['input']!r}"


def _requirement(found: dict[str, Any]) -> str:
    kind, context = str(found["type"]), found.get("ctx", {})
    if kind in LIMITS:
        name, word = LIMITS[kind]
        return f"{word} {context[name]:g}"
    if kind == "literal_error":
        return f"one of {context['expected']}"
    return str(found["msg"]).removeprefix("Input should be ")


def _source_of(location: Sequence[str], sources: Mapping[str, DictConfig]) -> str:
    """The last source that sets this key, or a part of it; the first where none does."""
    for name, values in reversed(list(sources.items())):
        inner: Any = values
        for part in location:
            inner = inner.get(part) if isinstance(inner, DictConfig) else None
        if inner is not None and location:
            return str(name.partition(": ")[0])
    return str(next(iter(sources)))


def _keys(settings: Any, above: Sequence[str]) -> list[str]:
    """The keys that are known at a place in the settings."""
    for part in above:
        fields = getattr(settings, "model_fields", {})
        settings = fields[part].annotation if part in fields else None
    return list(getattr(settings, "model_fields", {}))


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1}: {getattr(error, 'problem', error)}"
    return str(error).partition("\n")[0]
