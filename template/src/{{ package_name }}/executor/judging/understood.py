"""What `explain`, `ablate` and `fairness` found out about the run, for its report page."""

from __future__ import annotations

from typing import Any

from ..cases import Case


def judge(case: Case) -> dict[str, Any] | None:
    """Their reports by name; nothing before the first of them was run."""
    from ..understanding.pages import parts_of

    return parts_of(case.root, case.run) or None
