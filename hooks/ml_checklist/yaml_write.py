"""Write the few plain files of the project's state, the same bytes for the same data."""

import json
import re
from typing import Any

# Anything that a reader of YAML 1.1 or 1.2 could take for something else is quoted.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_TRAPS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def dump(data: dict[str, Any]) -> str:
    """YAML for a mapping of scalars, lists and mappings; keys in the order given."""
    return "".join(f"{line}\n" for line in _mapping(data))


def _mapping(data: dict[str, Any]) -> list[str]:
    lines = []
    for key, value in data.items():
        name = scalar(key)
        if isinstance(value, dict) and value:
            lines += [f"{name}:", *(f"  {line}" for line in _mapping(value))]
        elif isinstance(value, list) and value:
            lines += [f"{name}:", *(line for element in value for line in _element(element))]
        else:
            lines.append(f"{name}: {scalar(value)}")
    return lines


def _element(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return [f"  - {scalar(value)}"]
    first, *rest = _mapping(value)
    return [f"  - {first}", *(f"    {line}" for line in rest)]


def scalar(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _TRAPS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    """A character as YAML escapes it; JSON's pairs for rare planes are not YAML."""
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
