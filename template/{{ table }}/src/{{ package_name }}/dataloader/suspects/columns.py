"""Columns that hold one value, or that repeat another column."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Suspect, codes, numbers, sample, shown

N_SAMPLE = 20_000
N_SCREEN = 2_000
MAX_COLUMNS = 100  # pairs grow with the square
NEARLY_CONSTANT = 0.995
MAX_DISTINCT_SHARE = 0.2  # a column with more distinct values determines others by chance
MIN_PAIRS = 1.3
EQUAL_R = 0.99999


def constants(table: pl.DataFrame, train: pl.DataFrame) -> Iterator[Suspect]:
    """Columns with one value, in all rows or in train, and those where nearly all rows have one."""
    found: dict[str, list[str]] = {}
    for name in table.columns:
        if kind := _constant(table[name], train[name]):
            found.setdefault(kind, []).append(name)
    for kind, columns in found.items():
        most = table[columns[0]].drop_nulls().mode().head(1)
        n_rows = int((table[columns[0]] == most[0]).sum())
        evidence = f"{kind}: {shown(most)}"
        fix = f"data.ignore: [{', '.join(columns)}]"
        yield Suspect(columns, "constant", "warn", n_rows, evidence, fix)


def _constant(cells: pl.Series, of_train: pl.Series) -> str | None:
    """In which rows the column holds one value, in words."""
    n_top = cells.drop_nulls().unique_counts().max()
    if not isinstance(n_top, int):
        return None
    if n_top == len(cells):
        return "every row holds the same value"
    if n_top >= NEARLY_CONSTANT * len(cells):
        return "nearly every row holds the same value"
    if of_train.null_count() == 0 and of_train.n_unique() == 1:
        return "every row of train holds the same value, and other parts do not"
    return None


def identical(table: pl.DataFrame) -> Iterator[Suspect]:
    """Groups of columns of which one tells the others."""
    rows = sample(table, N_SAMPLE)
    names = [name for name in rows.columns[:MAX_COLUMNS] if rows[name].n_unique() > 1]
    found = [*_correlated(rows, names), *_dependent(rows, names)]
    both = [pair for pair in found if pair[::-1] in found]
    for one, other in [pair for pair in found if pair not in both]:
        evidence = f"each value of {one} has one value of {other}"
        fix = f"data.ignore: [{other}]"
        yield Suspect([one, other], "identical columns", "ask", len(table), evidence, fix)
    same = {one: [n for n in names if n == one or (one, n) in both] for one, _ in both}
    for group in [list(group) for group in dict.fromkeys(map(tuple, same.values()))]:
        cells = [str(table[name].drop_nulls()[0]) for name in group]
        evidence = f"they hold the same, in other words or units: {shown(cells)}"
        fix = f"data.ignore: [{', '.join(group[1:])}]"
        yield Suspect(group, "identical columns", "warn", len(table), evidence, fix)


def _correlated(rows: pl.DataFrame, names: list[str]) -> list[tuple[str, str]]:
    """Pairs of number columns on one line, in both directions."""
    kept = [name for name in names if rows[name].dtype.is_numeric()]
    if len(kept) < 2:
        return []
    values = np.array([numbers(rows[name]) for name in kept])
    centred = values - np.nanmean(values, axis=1, keepdims=True)
    r = np.abs(np.corrcoef(np.nan_to_num(centred)))
    np.fill_diagonal(r, 0)
    return [(kept[i], kept[j]) for i, j in np.argwhere(r > EQUAL_R)]


def _dependent(rows: pl.DataFrame, names: list[str]) -> list[tuple[str, str]]:
    """(a, b): each value of a has one value of b, which a shuffled b would not have."""
    limit = MAX_DISTINCT_SHARE * min(len(rows), N_SCREEN)
    few = {name: codes(rows[name]) for name in names if rows[name].n_unique() <= limit}
    return [pair for pair in permutations(few, 2) if _tells(few[pair[0]], few[pair[1]])]


def _tells(a: Any, b: Any) -> bool:
    if _n_pairs(a[:N_SCREEN], b[:N_SCREEN]) > len(np.unique(a[:N_SCREEN])):
        return False
    n_distinct, shuffled = len(np.unique(a)), np.random.default_rng(0).permutation(b)
    return _n_pairs(a, b) == n_distinct and _n_pairs(a, shuffled) > MIN_PAIRS * n_distinct


def _n_pairs(a: Any, b: Any) -> int:
    return len(np.unique(a * (int(b.max()) + 1) + b))
