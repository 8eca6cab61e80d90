"""Find what gives the answer away: columns that know the target, rows that stand in two parts."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# How far one column alone may carry a model, from guessing (0) to always right (1). Honest columns
# stay below 0.9 on the tables we know; a column written after the fact is at 1 but for noise.
TOO_GOOD = 0.98
# A formula of two columns that explains more than this of the target is where it was made from.
REPRODUCED = 0.9999
# Two rows nearer than this share of each column's spread are one row, measured or copied twice.
SAME = 1e-6
MAX_ROWS = 5000
MAX_PAIRED = 150


def telling_columns(X: pl.DataFrame, y: pl.Series, task: str) -> list[str]:
    """One sentence a leak: a column that alone predicts y too well, in folds it was not fitted on.

    Also looks at whether a cell is empty: a column filled in only once the answer is known leaks
    by its gaps.
    """
    X, y = _sample(X, y)
    target, is_class = codes(y, task), task == "classification"
    found = []
    for name in X.columns:
        for what, values in _views(X[name]):
            score = _skill(values, target, is_class)
            if score >= TOO_GOOD:
                found.append(
                    f"'{name}' gives '{y.name}' away: a small tree on {what} alone gets "
                    f"{score:.1%} of the way from guessing to perfect, on rows it has not seen; "
                    f"add it to data.ignore if a prediction cannot know it"
                )
                break
    return found


def telling_pairs(X: pl.DataFrame, y: pl.Series, task: str) -> list[str]:
    """One sentence a leak: two numeric columns whose sum, difference, product or ratio is y."""
    X, y = _sample(X, y)
    target, is_class = codes(y, task), task == "classification"
    columns = {name: floats(X[name]) for name in X.columns if X[name].dtype.is_numeric()}
    usable = {
        name: values
        for name, values in columns.items()
        if np.isfinite(values).mean() > 0.5 and np.nanstd(values) > 0
    }
    names = sorted(usable)[:MAX_PAIRED]
    pairs = combinations(names, 2)
    how = [(a, b, _formula(usable[a], usable[b], target, is_class)) for a, b in pairs]
    return [
        f"'{a}' and '{b}' give '{y.name}' away: their {formula} reproduces it; "
        f"add the one that a prediction cannot know to data.ignore"
        for a, b, formula in how
        if formula
    ]


def shared_rows(one: pl.DataFrame, other: pl.DataFrame, columns: list[str]) -> int:
    """How many rows of `other` also stand in `one`, up to rounding, by the values of `columns`."""
    spread = {name: _spread(one[name]) for name in columns}
    known = set(_fingerprints(one, spread))
    return sum(row in known for row in _fingerprints(other, spread))


def codes(y: pl.Series, task: str) -> Floats:
    """The target as numbers; classes are numbered in the order of their names."""
    if task == "regression":
        return floats(y)
    return _numbered(y)


def floats(values: pl.Series) -> Floats:
    """Numbers as float64, NaN where the cell is empty."""
    return values.cast(pl.Float64).to_numpy().astype(np.float64)


def _numbered(column: pl.Series) -> Floats:
    names = column.cast(pl.String).fill_null("").to_numpy()
    return np.unique(names, return_inverse=True)[1].astype(np.float64)


def _sample(X: pl.DataFrame, y: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    if len(y) <= MAX_ROWS:
        return X, y
    rows = np.random.default_rng(0).choice(len(y), MAX_ROWS, replace=False)
    return X[rows], y[rows]


def _views(column: pl.Series) -> list[tuple[str, Floats]]:
    """The column as numbers a tree can cut, and its gaps where it has both kinds of cells."""
    if column.dtype.is_numeric() or column.dtype.is_temporal():
        values = floats(column.to_physical())
    else:
        values = _numbered(column)
    gaps = column.is_null().cast(pl.Float64).to_numpy()
    return [("its values", values)] + ([("its gaps", gaps)] if 0 < gaps.mean() < 1 else [])


def _skill(values: Floats, target: Floats, is_class: bool) -> float:
    """Out-of-fold score of a shallow tree, from 0 (guessing) to 1 (perfect)."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    X = values.reshape(-1, 1)
    fold = np.random.default_rng(0).permutation(len(X)) % 3
    said = np.empty(len(X))
    for number in range(3):
        tree = (
            DecisionTreeClassifier(max_depth=6, min_samples_leaf=2, class_weight="balanced")
            if is_class
            else DecisionTreeRegressor(max_depth=8, min_samples_leaf=2)
        )
        tree.fit(X[fold != number], target[fold != number])
        said[fold == number] = tree.predict(X[fold == number])
    if not is_class:
        return float(1 - ((said - target) ** 2).mean() / max(target.var(), 1e-300))
    classes = np.unique(target)
    found = float(np.mean([(said[target == one] == one).mean() for one in classes]))
    chance = 1 / len(classes)
    return (found - chance) / (1 - chance) if len(classes) > 1 else 0.0


def _formula(a: Floats, b: Floats, target: Floats, is_class: bool) -> str | None:
    """What of a and b reproduces the target, if anything of the two together does."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 10:
        return None
    a, b, target = a[both], b[both], target[both]
    if is_class:
        made = {"sum": a + b, "difference": a - b}
        return next((name for name, value in made.items() if _names(value, target)), None)
    if _explained(a, b, target) > REPRODUCED:
        return "weighted sum"
    if min(a.min(), b.min(), target.min()) > 0 and (
        _explained(np.log(a), np.log(b), np.log(target)) > REPRODUCED
    ):
        return "product or ratio"
    return None


def _names(value: Floats, target: Floats) -> bool:
    """Whether few distinct values stand for one class each, and all classes are told apart."""
    n_classes = len(np.unique(target))
    rounded = np.round(value / max(float(np.abs(value).max()), 1e-300), 9)
    places, of_row = np.unique(rounded, return_inverse=True)
    if not 1 < n_classes <= len(places) <= 2 * n_classes:
        return False
    return len(set(zip(of_row.tolist(), target.tolist(), strict=True))) == len(places)


def _explained(a: Floats, b: Floats, target: Floats) -> float:
    """Share of the target's variance that the two explain together and neither does alone.

    R^2 of two regressors from their correlations, which costs no fit.
    """
    if min(a.std(), b.std(), target.std()) == 0:
        return 0.0
    (_, r_ab, r_a), (_, _, r_b), _ = np.corrcoef([a, b, target])
    if 1 - r_ab**2 < 1e-9 or max(r_a**2, r_b**2) > REPRODUCED:
        return 0.0
    return float((r_a**2 + r_b**2 - 2 * r_a * r_b * r_ab) / (1 - r_ab**2))


def _spread(column: pl.Series) -> float | None:
    if not column.dtype.is_float():
        return None
    spread: Any = column.std()
    return (float(spread) if spread and np.isfinite(spread) else 1.0) * SAME


def _fingerprints(table: pl.DataFrame, spread: dict[str, float | None]) -> list[tuple[Any, ...]]:
    rounded = [
        pl.col(name).cast(pl.String)
        if step is None
        else (pl.col(name).cast(pl.Float64) / step).round(0)
        for name, step in spread.items()
    ]
    return table.select(rounded).rows()
