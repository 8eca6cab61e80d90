"""What was run, on what: enough to do it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..page import paragraph, table, text

ORDER = 90
TITLE = "Run"

KEYS = ("run", "started", "seconds", "seed", "git", "trees", "data", "model", "environment")


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """The record of the run and its configuration, as they lie in run.json."""
    facts = [
        [text(name), f"<code>{text(value)}</code>"]
        for key in KEYS
        if key in run
        for name, value in _flat(key, run[key])
    ]
    config = text(json.dumps(run.get("config", {}), indent=2, ensure_ascii=False))
    return (
        f'<div class="scroll">{table(["of the run", ""], facts, n_text=2)}</div>'
        + f"<details><summary>Configuration</summary><pre><code>{config}</code></pre></details>"
        + paragraph('<span class="quiet">Written by the evaluate command; not edited.</span>')
    )


def _flat(name: str, value: object) -> list[tuple[str, object]]:
    """(`git.commit`, ...) for nested records; one pair for a plain value."""
    if not isinstance(value, Mapping):
        return [(name, value)]
    return [pair for key, one in value.items() for pair in _flat(f"{name}.{key}", one)]
