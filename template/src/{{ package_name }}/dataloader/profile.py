"""What train looked like when the contract was agreed, and which columns look different now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ..ops import psi
from ..utils.files import read_json
from .contract import Column

PROFILE = Path("data", "profile.json")


def read_profile(root: Path) -> dict[str, Any] | None:
    """What the `contract` command counted in train, or None where nobody did."""
    return dict(read_json(root / PROFILE)) if (root / PROFILE).is_file() else None


def profile(
    train: pl.DataFrame, every: pl.DataFrame, columns: Iterable[Column], limit: float
) -> dict[str, Any]:
    """Counts of each column of train by bins; without dates, which move on by themselves.

    every: all rows of the file. A column that moves within it, by time or from group to group,
    cannot tell a broken file from a sound one: it stands under `left_out` with its index.
    """
    counted = {c.name: _bins(train[c.name], c.kind) for c in columns if c.kind != "date"}
    restless = moved(every, {"columns": counted}, limit)
    kept = {name: bins for name, bins in counted.items() if name not in restless}
    left_out = {name: round(index, 3) for name, index in restless.items()}
    return {"rows": len(train), "columns": kept, "left_out": left_out}


def moved(rows: pl.DataFrame, before: Mapping[str, Any], limit: float) -> dict[str, float]:
    """The index of each column that moved beyond `limit` and beyond chance, the farthest first."""
    found = {}
    for name, bins in before["columns"].items():
        if name in rows.columns and (index := _beyond(rows[name], bins, limit)) is not None:
            found[name] = index
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _beyond(cells: pl.Series, bins: Mapping[str, Any], limit: float) -> float | None:
    if not len(cells) or ("edges" in bins and not cells.dtype.is_numeric()):
        return None  # of another type altogether, which the door says
    after = _count(cells, bins)
    index = psi.psi(bins["counts"], after)
    return index if index > max(limit, psi.by_chance(bins["counts"], after)) else None


def _bins(cells: pl.Series, kind: str) -> dict[str, Any]:
    known = cells.drop_nulls()
    if kind == "numeric" and not psi.is_discrete(known.n_unique(), len(known)):
        bins: dict[str, Any] = {"edges": psi.edges_of(known.to_numpy())}
    else:
        bins = {"values": psi.words_of(_words(cells))}
    return bins | {"counts": _count(cells, bins)}


def _count(cells: pl.Series, bins: Mapping[str, Any]) -> list[int]:
    if "edges" in bins:
        return psi.count_numbers(cells.cast(pl.Float64).to_numpy(), bins["edges"])
    return psi.count_words(_words(cells), bins["values"])


def _words(cells: pl.Series) -> list[str | None]:
    if cells.dtype.is_float():  # 3 and not 3.0: the file may say it either way
        return [None if value is None else f"{value:.12g}" for value in cells.to_list()]
    return cells.cast(pl.String).to_list()
