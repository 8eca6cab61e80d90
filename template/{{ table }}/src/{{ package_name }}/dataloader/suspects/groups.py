"""Columns that name groups of rows: patients, machines, shops."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Suspect, codes, named, sample

N_SAMPLE = 100_000
MIN_GROUPS, MIN_EXPLAINED, MIN_COLUMNS = 20, 0.5, 2


def groups(table: pl.DataFrame, target: str) -> Iterator[Suspect]:
    """Columns whose repeated values name groups of rows that resemble each other."""
    rows = sample(table, N_SAMPLE)
    ranks = {n: _ranks(rows[n]) for n, dtype in table.schema.items() if dtype.is_numeric()}
    for name, dtype in table.schema.items():
        cells = rows[name]
        whole = dtype == pl.Float64 and (cells.drop_nulls() % 1 == 0).all()
        if name == target or not (whole or dtype == pl.String):
            continue
        alike = _alike(codes(cells), {n: v for n, v in ranks.items() if n != name})
        if len(alike) >= MIN_COLUMNS:
            evidence = f"rows with the same {name} hardly differ in {named(alike)}"
            fix = f"data.split: {{by: group, column: {name}}}"
            yield Suspect([name], "groups", "warn", len(table), evidence, fix)


def _ranks(cells: pl.Series) -> Any:
    return cells.rank().fill_null(len(cells) / 2).to_numpy()


def _alike(group: Any, others: dict[str, Any]) -> list[str]:
    """Columns of which a group explains more than half, and more than its neighbours do."""
    counts = np.bincount(group)
    if (counts >= 2).sum() < MIN_GROUPS:
        return []
    # In random order within a group: rows that follow each other in the file may be alike.
    rows = np.random.default_rng(0).permutation(np.flatnonzero(counts[group] >= 2))
    rows = rows[np.argsort(group[rows], kind="stable")]
    same = np.diff(group[rows]) == 0
    found = []
    for name, values in others.items():
        steps, spread = np.diff(values[rows]) ** 2, 2 * values[rows].var()
        limit = (1 - MIN_EXPLAINED) * min(spread, steps[~same].mean())
        if steps[same].mean() < limit:
            found.append(name)
    return found
