"""A data contract as YAML that people own: every value with the reason it had."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]

from .contract import ContractRules

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
REFERENCE = re.compile(r"(\\*)\$\{")
LINE = 96
NONE = "{}"
ONE_LINE = 1 << 20


def as_yaml(rules: ContractRules, reasons: Mapping[str, str], head: str) -> str:
    """The text of conf/contract.yaml; `configs.load` reads it back as the same rules.

    reasons: by path, such as `columns.age.min`; may be empty. A value that is what the schema
    assumes is left out, unless it has a reason.
    """
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    content = rules.model_dump(mode="json")
    assumed = rules.model_dump(mode="json", exclude_defaults=True)
    for key in content:
        lines += ["", *_lines(key, content[key], assumed.get(key), key, reasons, "")]
    return "\n".join(lines) + "\n"


def _lines(
    key: str, value: Any, kept: Any, path: str, reasons: Mapping[str, str], indent: str
) -> list[str]:
    said = f"{indent}{_word(key)}:"
    if isinstance(value, dict):
        lines = [said]
        for name, inner in value.items():
            below = f"{path}.{name}"
            of_kept = kept.get(name) if isinstance(kept, dict) else None
            if isinstance(inner, dict) or of_kept is not None or below in reasons:
                lines += _lines(name, inner, of_kept, below, reasons, indent + "  ")
        return lines if len(lines) > 1 else [f"{said} {NONE}"]
    why = f" # {reasons[path]}" if reasons.get(path) else ""
    if isinstance(value, list) and len(said) + len(_flow(value)) > LINE:
        return [said + why, *(f"{indent}  - {_scalar(one)}" for one in value)]
    return [f"{said} {_flow(value) if isinstance(value, list) else _scalar(value)}{why}"]


def _flow(values: list[Any]) -> str:
    return f"[{', '.join(_scalar(one) for one in values)}]"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        # "${" in a value would be read as a reference to another key.
        return _word(REFERENCE.sub(r"\1\1\\${", value))
    return f"{value:.12g}" if isinstance(value, float) else json.dumps(value)


def _word(text: str) -> str:
    """Text as it is where YAML reads it as that text, else in quotes."""
    if PLAIN.fullmatch(text) and yaml.safe_load(text) == text:
        return text
    quoted = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=ONE_LINE)
    return str(quoted).strip()
