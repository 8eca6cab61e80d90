"""Columns that hold one value, or that repeat another column."""

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Suspect, accept_line, codes, named, numbers, sample, shown

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
    rows: dict[str, int] = {}
    for name in table.columns:
        top = table[name].drop_nulls().value_counts(sort=True, name="n").head(2)
        if not len(top):
            continue
        n_rows = int(top["n"][0])
        if len(top) == 1 and n_rows == len(table):
            kind = "every row holds the same value"
        elif n_rows >= NEARLY_CONSTANT * len(table):
            kind = "nearly every row holds the same value"
        elif train[name].null_count() == 0 and train[name].n_unique() == 1:
            kind = "every row of train holds the same value, and other parts do not"
        else:
            continue
        found.setdefault(kind, []).append(name)
        rows[kind] = max(rows.get(kind, 0), n_rows)
    for kind, columns in found.items():
        evidence = f"{kind}: {shown(table[columns[0]].drop_nulls().mode().head(1))}"
        advice = f"data.ignore: [{named(columns)}]"
        yield Suspect(columns, "constant", "warn", rows[kind], evidence, advice)


def identical(table: pl.DataFrame) -> Iterator[Suspect]:
    """Groups of columns of which one tells the others."""
    rows = sample(table, N_SAMPLE)
    names = [name for name in rows.columns[:MAX_COLUMNS] if rows[name].n_unique() > 1]
    found = [*_correlated(rows, names), *_dependent(rows, names)]
    for one, other in [pair for pair in found if (pair[1], pair[0]) not in found]:
        evidence = f"each value of {one} has one value of {other}"
        advice = f"data.ignore: [{other}]; or keep it: {accept_line([other], 'identical columns')}"
        yield Suspect([one, other], "identical columns", "ask", len(table), evidence, advice)
    for group in _groups([pair for pair in found if (pair[1], pair[0]) in found]):
        cells = [f"{table[name].drop_nulls().head(1).to_list()[0]!s}" for name in group]
        evidence = f"they hold the same, in other words or units: {shown(cells)}"
        advice = f"data.ignore: [{', '.join(group[1:])}]"
        yield Suspect(group, "identical columns", "warn", len(table), evidence, advice)


def _correlated(rows: pl.DataFrame, names: list[str]) -> list[tuple[str, str]]:
    """Pairs of number columns on one line, in both directions."""
    kept = [name for name in names if rows[name].dtype.is_numeric()]
    if len(kept) < 2:
        return []
    values = np.array([numbers(rows[name]) for name in kept])
    centred = values - np.nanmean(values, axis=1, keepdims=True)
    filled = np.nan_to_num(centred)
    scale = np.sqrt((filled**2).sum(axis=1, keepdims=True))
    r = np.abs((filled / scale) @ (filled / scale).T)
    found = []
    for i, j in zip(*np.nonzero(np.triu(r > EQUAL_R, 1)), strict=True):
        found += [(kept[i], kept[j]), (kept[j], kept[i])]
    return found


def _dependent(rows: pl.DataFrame, names: list[str]) -> list[tuple[str, str]]:
    """(a, b): each value of a has one value of b, which a shuffled b would not have."""
    limit = MAX_DISTINCT_SHARE * min(len(rows), N_SCREEN)
    coded = {name: codes(rows[name]) for name in names if rows[name].dtype != pl.Float64}
    coded |= {n: codes(rows[n]) for n in names if n not in coded and rows[n].n_unique() <= limit}
    few = {name: values for name, values in coded.items() if len(np.unique(values)) <= limit}
    shuffled = np.random.default_rng(0).permutation(len(rows))
    found = []
    for one, other in combinations(few, 2):
        a, b = few[one], few[other]
        screened = _n_pairs(a[:N_SCREEN], b[:N_SCREEN])
        for first, second, x, y in ((one, other, a, b), (other, one, b, a)):
            if screened != len(np.unique(x[:N_SCREEN])):
                continue
            n_distinct = len(np.unique(x))
            if _n_pairs(x, y) == n_distinct and _n_pairs(x, y[shuffled]) > MIN_PAIRS * n_distinct:
                found.append((first, second))
    return found


def _n_pairs(a: Any, b: Any) -> int:
    return len(np.unique(a * (int(b.max()) + 1) + b))


def _groups(pairs: list[tuple[str, str]]) -> list[list[str]]:
    """Columns that are connected by pairs."""
    groups: list[list[str]] = []
    for one, other in pairs:
        near = [group for group in groups if one in group or other in group]
        merged = list(dict.fromkeys([*chain(*near), one, other]))
        groups = [group for group in groups if group not in near] + [merged]
    return groups
