"""No column, and no formula of two columns, gives the target away."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest

pytestmark = [pytest.mark.data, pytest.mark.proves("data.leakage")]

# How far one column may carry a tree, from chance (0) to no error (1), in the worst of the folds.
# Honest columns stay below; a copy of the target reaches 0.998 (2 to 26 classes; numbers of any
# skew, which are compared by rank).
LIMIT = {"classification": 0.98, "regression": 0.99}
REPRODUCED = 0.9999  # share of the variance that a formula of two columns explains
MAX_ROWS, MAX_PAIRED, N_FOLDS = 5000, 60, 3


def test_no_feature_alone_gives_the_target_away(shared, config):
    X, y = train_rows(shared, config)
    found = [
        f"'{name}' gives '{y.name}' away: a tree on its {part} alone is {score:.1%} of the way "
        f"from chance to no error; add it to data.ignore if a prediction cannot know it"
        for name in X.columns
        for part, score in skills(X[name], y, config.task).items()
        if score >= LIMIT[config.task]
    ]

    assert not found, "\n".join(found)


def test_no_two_features_together_give_the_target_away(shared, config):
    X, y = train_rows(shared, config)
    numbers = {n: X[n].cast(pl.Float64).to_numpy() for n in X.columns if X[n].dtype.is_numeric()}
    kept = sorted(name for name, values in numbers.items() if np.isfinite(values).mean() > 0.5)
    found = [
        f"'{a}' and '{b}' give '{y.name}' away: a formula of the two reproduces it; add the one "
        f"that a prediction cannot know to data.ignore"
        for a, b in combinations(kept[:MAX_PAIRED], 2)
        if reproduces(numbers[a], numbers[b], as_numbers(y), config.task)
    ]

    assert not found, "\n".join(found)


def test_target_and_id_are_no_features(shared, config):
    excluded = {config.data.target, config.data.id, "_row", *config.data.ignore}

    assert excluded.isdisjoint(shared.manifest()["features"])


def test_a_copy_of_the_target_would_be_found(shared, config):
    """A check that cannot fail on this data would prove nothing."""
    _, y = train_rows(shared, config)

    assert skills(y, y, config.task)["values"] >= LIMIT[config.task]


def train_rows(project, config):
    """Features and target of at most MAX_ROWS rows of train."""
    train = project.part("train")
    train = train.sample(min(len(train), MAX_ROWS), seed=0)
    return train.select(project.manifest()["features"]), train[config.data.target]


def skills(cells, y, task):
    """The skill of a column's values, and of its gaps where it has some."""
    found = {"values": skill(as_numbers(cells), y, task)}
    if 0 < cells.null_count() < len(cells):
        found["gaps"] = skill(cells.is_null().cast(pl.Float64).to_numpy(), y, task)
    return found


def skill(values, y, task):
    """Skill of a tree on one column, on rows that it was not fitted on: the worst of the folds."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    X, is_class = np.nan_to_num(values, nan=np.nanmin(values) - 1)[:, None], task != "regression"
    target = as_numbers(y) if is_class else y.rank().to_numpy()
    fold = np.empty(len(y), dtype=int)
    # Each fold has rows of each class.
    fold[np.lexsort((np.random.default_rng(0).random(len(y)), target))] = (
        np.arange(len(y)) % N_FOLDS
    )
    n_leaves = 4 * len(np.unique(target)) + 8 if is_class else 200
    tree = DecisionTreeClassifier(max_leaf_nodes=n_leaves, class_weight="balanced", random_state=0)
    if not is_class:
        tree = DecisionTreeRegressor(max_leaf_nodes=200, min_samples_leaf=2, random_state=0)
    scores = []
    for held_out in (fold == number for number in range(N_FOLDS)):
        y_pred = tree.fit(X[~held_out], target[~held_out]).predict(X[held_out])
        scores.append(fold_skill(y_pred, target[held_out], is_class))
    return min(scores)


def fold_skill(y_pred, y_true, is_class):
    """Balanced accuracy beyond chance, or R^2."""
    if not is_class:
        return 1 - ((y_pred - y_true) ** 2).mean() / y_true.var()
    classes = np.unique(y_true)
    chance = 1 / len(classes)
    found = np.mean([(y_pred[y_true == one] == one).mean() for one in classes])
    return (found - chance) / (1 - chance) if len(classes) > 1 else 0.0


def reproduces(a, b, target, task):
    """Whether a and b together, and neither alone, make the target: a sum, a product, a ratio."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b, target = a[known], b[known], target[known]
    if len(a) < 10:
        return False
    if task == "classification":
        return any(names_classes(made, target) for made in (a + b, a - b))
    positive = min(a.min(), b.min(), target.min()) > 0
    logs = explained(np.log(a), np.log(b), np.log(target)) if positive else 0
    return max(explained(a, b, target), logs) > REPRODUCED


def names_classes(made, target):
    """Whether few distinct values stand for one class each."""
    places, of_row = np.unique(np.round(made / (np.abs(made).max() or 1), 9), return_inverse=True)
    n_classes = len(np.unique(target))
    pairs = set(zip(of_row.tolist(), target.tolist(), strict=True))
    return 1 < n_classes <= len(places) == len(pairs) <= 2 * n_classes


def explained(a, b, target):
    """R^2 of a linear fit on two columns, from their correlations; 0 where one is enough."""
    if min(a.std(), b.std(), target.std()) == 0:
        return 0.0
    (_, r_ab, r_a), (_, _, r_b), _ = np.corrcoef([a, b, target])
    if 1 - r_ab**2 < 1e-9 or max(r_a**2, r_b**2) > REPRODUCED:
        return 0.0
    return (r_a**2 + r_b**2 - 2 * r_a * r_b * r_ab) / (1 - r_ab**2)


def as_numbers(cells):
    """Numbers, NaN where empty; texts as codes in the order of their names."""
    if cells.dtype.is_numeric() or cells.dtype.is_temporal():
        return cells.to_physical().cast(pl.Float64).to_numpy()
    return cells.cast(pl.String).fill_null("").rank("dense").cast(pl.Float64).to_numpy()
