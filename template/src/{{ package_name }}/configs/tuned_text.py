"""conf/tuned.yaml as text: the values, and above them from which study they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml  # type: ignore[import-untyped]


def tuned_text(values: Mapping[str, Any], about: Sequence[str]) -> str:
    """Comment lines, then the values."""
    comments = [*about, "Every command reads this over conf/default.yaml; delete it to go back."]
    lines = "".join(f"# {line}\n" for line in comments)
    return f"{lines}{yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)}"
