"""No column, and no formula of two columns, gives the target away."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import balanced_accuracy_score, make_scorer
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

pytestmark = [pytest.mark.data, pytest.mark.proves("data.leakage")]

# How far one column may carry a tree from chance (0) to no error (1). A copy of the target reaches
# 0.998: of 2 to 26 classes, and of numbers however skewed, since their ranks are compared.
LIMIT = {"classification": 0.98, "regression": 0.99}
REPRODUCED = 0.9999  # share of the variance that a formula of two columns explains
MAX_ROWS, MAX_PAIRED, N_FOLDS = 5000, 60, 3


@pytest.fixture(scope="module")
def train(shared, config):
    """Features and target of at most MAX_ROWS rows of train, of classes that fill each fold."""
    rows, target = shared.part("train"), config.data.target
    rows = rows.filter(pl.len().over(target) >= (config.task == "classification") * N_FOLDS)
    rows = rows.sample(min(len(rows), MAX_ROWS), seed=0)
    return rows.select(shared.manifest()["features"]), rows[target]


def test_no_feature_alone_gives_the_target_away(train, config):
    X, y = train
    leaks = [n for n in X.columns if skill(X[n], y, config.task) >= LIMIT[config.task]]

    assert skill(y, y, config.task) >= LIMIT[config.task], "a copy would not have been found"
    assert not {y.name, config.data.id, "_row", *config.data.ignore} & set(X.columns)
    assert not leaks, f"{leaks}, each alone, give '{y.name}' away: see data.ignore"


def test_no_two_features_together_give_the_target_away(train):
    X, y = train
    numbers = {name: as_numbers(X[name]) for name in X.columns if X[name].dtype.is_numeric()}
    kept = [name for name, values in numbers.items() if np.isfinite(values).mean() > 0.5]
    leaks = [
        (one, other)
        for one, other in combinations(kept[:MAX_PAIRED], 2)
        if formula(numbers[one], numbers[other], as_numbers(y)) > REPRODUCED
    ]

    assert not leaks, f"a sum, product or ratio of {leaks} is '{y.name}': see data.ignore"


def skill(cells, y, task):
    """Score of a tree on one column, on rows that it was not fitted on: the worst of the folds."""
    X, score, kinds = as_numbers(cells)[:, None], "r2", (KFold, StratifiedKFold)
    target = y.rank().to_numpy() if task == "regression" else as_numbers(y)
    tree = DecisionTreeRegressor(max_leaf_nodes=200, min_samples_leaf=2)
    if task == "classification":
        n_leaves = 4 * len(np.unique(target)) + 8
        tree = DecisionTreeClassifier(max_leaf_nodes=n_leaves, class_weight="balanced")
        score = make_scorer(balanced_accuracy_score, adjusted=True)
    folds = kinds[task == "classification"](N_FOLDS, shuffle=True, random_state=0)
    return cross_val_score(tree, X, target, cv=folds, scoring=score).min()


def formula(a, b, target):
    """R^2 of the best weighted sum of a and b, or of their logarithms; 0 where one is enough."""
    known = np.isfinite(a) & np.isfinite(b)
    rows = np.stack([a[known], b[known], target[known]])
    if known.sum() < 10 or not rows.std(axis=1).all():
        return 0.0
    found = []
    for made in (rows, np.log(rows)) if rows.min() > 0 else (rows,):
        (_, r_ab, r_a), (_, _, r_b), _ = np.corrcoef(made)
        if r_ab**2 < 1 - 1e-9 and max(r_a**2, r_b**2) < REPRODUCED:
            found.append((r_a**2 + r_b**2 - 2 * r_a * r_b * r_ab) / (1 - r_ab**2))
    return max(found, default=0.0)


def as_numbers(cells):
    """Numbers, NaN where empty; texts as codes in the order of their names."""
    if cells.dtype.is_numeric() or cells.dtype.is_temporal():
        return cells.to_physical().cast(pl.Float64).to_numpy()
    return cells.cast(pl.String).fill_null("").rank("dense").cast(pl.Float64).to_numpy()
