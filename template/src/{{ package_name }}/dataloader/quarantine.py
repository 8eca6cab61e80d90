"""Rows that were refused, kept apart with the reason for each cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ..utils.files import replacing, sha256_of_file, write_json
from .door import Refusal
from .violations import MAX_SHOWN

FOLDER = Path("data", "quarantine")
# Whoever reads of ten broken rules looks into the file of reasons for the eleventh.
MAX_RULES = 10


def set_aside(
    folder: Path, name: str, rows: pl.DataFrame, refused: Sequence[Refusal], contract: str
) -> Path:
    """Write <name>.parquet with the rows, then <name>.json with the reasons; returns the latter.

    No row: both files go. The reasons name the rows' file by its hash, so that a pair that was
    torn apart can be told.
    """
    table, reasons = folder / f"{name}.parquet", folder / f"{name}.json"
    if not len(rows):
        reasons.unlink(missing_ok=True)
        table.unlink(missing_ok=True)
        return reasons
    with replacing(table) as temporary:
        rows.write_parquet(temporary, compression="zstd")
    content = {
        "file": refused[0].file,
        "contract": contract,
        "rows": len(rows),
        "sha256": sha256_of_file(table),
        "reasons": [{"reason": why, "rows": len(of)} for why, of in counted(refused).items()],
        "cells": [{k: v for k, v in one.to_json().items() if k != "file"} for one in refused],
    }
    write_json(reasons, content)
    return reasons


def counted(refused: Sequence[Refusal]) -> dict[str, list[int]]:
    """Row numbers by reason. A row with several is under the first, so that no row counts twice."""
    found: dict[str, list[int]] = {}
    seen: set[int] = set()
    for one in refused:
        if one.row not in seen:
            seen.add(one.row)
            found.setdefault(f"{one.column} must be {one.rule}", []).append(one.row)
    return found


def sentences(refused: Sequence[Refusal], *, max_shown: int = MAX_SHOWN) -> list[str]:
    """The first cells of each broken rule and how many more there are; the most broken first."""
    groups: dict[tuple[str, str], list[Refusal]] = {}
    for one in refused:
        groups.setdefault((one.column, one.rule), []).append(one)
    lines = []
    for group in sorted(groups.values(), key=len, reverse=True)[:MAX_RULES]:
        lines += [one.sentence for one in group[:max_shown]]
        if (more := len(group) - max_shown) > 0:
            lines[-1] += f" (and {more} more rows)"
    if (more := len(groups) - MAX_RULES) > 0:
        lines.append(f"{more} more rules are broken")
    return lines
