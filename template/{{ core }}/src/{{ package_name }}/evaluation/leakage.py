"""Features that give the target away: one column, a mean per group, the order."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..utils.suspects import ROWS, Severity, Suspect, codes, numbers, sample, shown
from .formulas import formulas

N_SAMPLE, N_FOLDS, MIN_ROWS = 20_000, 3, 50
# Lower 95 % bounds of the way from chance (0) to no error (1). An honest column of iris, petal
# width, reaches 0.90.
SURE, UNSURE, SURE_R2 = 0.92, 0.85, 0.95
Z = 1.645
SAME_RANK, SHARE_OF_SAME = 0.02, 0.8
SCREEN = 0.75  # of rows that share the class of the next row by value, above chance
EXACT, SHARE_OF_EXACT, MIN_GROUPS, MAX_SMOOTHING = 1e-3, 0.9, 10, 200.0


def leaks(train: pl.DataFrame, y: Any, classes: Any, target: str) -> Iterator[Suspect]:
    """Features that alone, or as a formula, give the target away.

    train: the features, typed. y: class codes or numbers, shape (n_rows,). classes: or None.
    """
    if len(train) < MIN_ROWS:
        return
    rows = sample(train.with_columns(pl.Series("_y", y)), N_SAMPLE)
    X, y = rows.drop("_y"), rows["_y"].to_numpy()
    sure, unsure = (SURE_R2, SURE_R2) if classes is None else (SURE, UNSURE)
    skill = {name: _skill(X[name], y, classes is not None) for name in X.columns}
    for name in X.columns:
        if skill[name] > unsure:
            evidence = f"{name} alone gives {skill[name]:.0%} of {target} away: "
            evidence += shown(X[name].drop_nulls())
            fix = f"data.ignore: [{name}], if it is not known when predicting"
            severity: Severity = "leak" if skill[name] > sure else "ask"
            yield Suspect([name], "leak", severity, len(train), evidence, fix)
    numeric = [name for name, dtype in X.schema.items() if dtype.is_numeric()]
    kept = {name: numbers(X[name]) for name in numeric if skill[name] <= sure}
    yield from formulas(kept, y.astype(np.float64), target)


def _skill(cells: pl.Series, y: Any, is_class: bool) -> float:
    """The lower bound of the way from chance, 0, to no error, 1, with one column."""
    is_text = cells.dtype == pl.String
    values = codes(cells).astype(np.float64) if is_text else numbers(cells)
    # A gap is a value below all others: that a cell is empty may give the target away.
    known = np.isfinite(values)
    values = np.where(known, values, values.min(where=known, initial=0.0) - 1)
    if len(np.unique(values)) < 2:
        return 0.0
    return (_skill_of_classes if is_class else _skill_of_numbers)(values, y, is_text)


def _skill_of_classes(values: Any, y: Any, is_text: bool) -> float:
    """Balanced accuracy of a tree on one column, from 0 to 1, on rows it was not fitted on."""
    from sklearn.tree import DecisionTreeClassifier

    present, counts = np.unique(y, return_counts=True)
    if not is_text and _agreement(values, y, counts) < SCREEN:
        return 0.0
    # Of a text each value has a leaf.
    size = {} if is_text else {"max_leaf_nodes": 4 * len(counts) + 8, "min_samples_leaf": 3}
    tree = DecisionTreeClassifier(class_weight="balanced", random_state=0, **size)
    predicted = out_of_fold(tree, values[:, None], y)
    if (predicted == y).all():
        return 1.0
    hits = np.array([(predicted[y == k] == k).sum() for k in present])
    # Agresti and Coull (1998), Approximate is better than "exact": honest for few rows too.
    n_rows = counts + Z**2
    recall = (hits + Z**2 / 2) / n_rows
    error = np.sqrt(np.mean(recall * (1 - recall) / n_rows) / len(present))
    chance = 1 / len(present)
    return float((recall.mean() - Z * error - chance) / (1 - chance))


def _agreement(values: Any, y: Any, counts: Any) -> float:
    """Rows that share the class of the next row by value, from chance (0) to all (1)."""
    order = np.lexsort((np.random.default_rng(0).random(len(y)), values))
    chance = ((counts / len(y)) ** 2).sum()
    return float(((y[order][1:] == y[order][:-1]).mean() - chance) / (1 - chance))


def out_of_fold(model: Any, X: Any, y: Any, method: str = "predict") -> Any:
    """What `model` predicts for each row when it was fitted on the other folds."""
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(N_FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():  # a class may be missing in a fold
        warnings.simplefilter("ignore")
        return cross_val_predict(model, X, y, cv=folds, method=method)


def _skill_of_numbers(values: Any, y: Any, is_text: bool) -> float:
    """The largest of several shares of variance, on ranks and on values; or of equal ranks."""
    from sklearn.metrics import r2_score
    from sklearn.tree import DecisionTreeRegressor

    ranks, goal = _ranks(values), _ranks(y)
    bins = values if is_text else np.floor(ranks * 199.99)
    predicted = out_of_fold(DecisionTreeRegressor(random_state=0), bins[:, None], goal)
    by_bins = float(r2_score(goal, predicted))
    if is_text:
        return by_bins
    rank_r = _r(ranks, goal)
    aligned = ranks if rank_r > 0 else 1 - ranks
    if (np.abs(aligned - goal) < SAME_RANK).mean() > SHARE_OF_SAME:
        return 1.0
    # One far value can make a correlation: the inner 99 % of rows must agree.
    away = np.abs(values - np.median(values))
    inner = away <= np.quantile(away, 0.99)
    r = min(abs(_r(values, y)), abs(_r(values[inner], y[inner])))
    return max(by_bins, _lower_r2(rank_r, len(y)), _lower_r2(r, len(y)))


def _ranks(values: Any) -> Any:
    """Ranks from 0 to 1; equal values share theirs."""
    ranks = pl.Series(values).rank().to_numpy()
    return (ranks - ranks.min()) / max(float(np.ptp(ranks)), 1.0)


def _r(x: Any, y: Any) -> float:
    """Pearson's correlation; 0 of a constant."""
    with np.errstate(all="ignore"):
        scaled = [values / np.abs(values).max() for values in (x, y)]
        return float(np.nan_to_num(np.corrcoef(*scaled)[0, 1]))


def _lower_r2(r: float, n_rows: int) -> float:
    """The lower 95 % bound of r^2. Source: Fisher (1915), his z."""
    bounded = min(abs(r), 1 - 1e-12)
    return float(np.tanh(max(np.arctanh(bounded) - Z / np.sqrt(n_rows - 3), 0.0)) ** 2)


def group_means(table: pl.DataFrame, y: Any, classes: Any, target: str) -> Iterator[Suspect]:
    """Number columns that are the mean of the target over the rows with the same value.

    table: all rows, since such means are exact only over the rows that they were taken from.
    """
    goals = [y] if classes is None else [(y == k).astype(np.float64) for k in range(len(classes))]
    for name in [name for name, dtype in table.schema.items() if dtype.is_numeric()]:
        values = numbers(table[name])
        known = np.isfinite(values)
        if len(np.unique(values[known][:N_SAMPLE])) < MIN_GROUPS:
            continue
        if any(_is_mean(values[known], goal[known]) for goal in goals[:30]):
            evidence = f"{name} is the mean of {target} over the rows with the same {name}"
            fix = f"data.ignore: [{name}]; compute it in a fit on train alone"
            yield Suspect([name], "group mean", "leak", int(known.sum()), evidence, fix)


def _is_mean(values: Any, goal: Any) -> bool:
    """Whether values are means of goal by equal value: exact, rounded, or drawn to the mean."""
    groups = pl.DataFrame({"value": values, "goal": goal}).group_by("value")
    means = groups.agg(mean=pl.col("goal").mean(), n_rows=pl.len())
    if not MIN_GROUPS <= len(means) <= len(values) / 1.5:
        return False
    means = means.filter(pl.col("n_rows") > 1)
    distinct, mean, n_rows = (means[name].to_numpy() for name in means.columns)
    overall, spread = goal.mean(), max(float(goal.std()), 1e-300)
    decimals = [d for d in range(6) if np.allclose(distinct, distinct.round(d), 0, 1e-9)]
    rounded = 0.51 * 10.0 ** -min(decimals, default=6)
    # A forecast in whole units may be right on average; a share of a class has decimals.
    fine = 5 if set(np.unique(goal[:N_SAMPLE])) <= {0.0, 1.0} else 20
    if not len(means) or distinct.std() <= fine * rounded:
        return False
    pull = distinct - overall
    usable = np.abs(pull) > 0.05 * spread
    smoothing = (n_rows * (mean - distinct))[usable] / pull[usable]
    weight = np.clip(np.quantile(smoothing, 0.25), 0, MAX_SMOOTHING) if usable.any() else 0.0
    # Groups that by chance have the same mean are one here: their weight is a multiple.
    weights = weight * np.arange(4)[:, None]
    away = np.abs((n_rows * mean + weights * overall) / (n_rows + weights) - distinct)
    close = away < max(EXACT * spread, rounded)
    found = (close[0], close[1:].any(axis=0))
    # Of the groups, and of their rows.
    shares = [min(one.mean(), np.average(one, weights=n_rows)) for one in found]
    return bool(max(shares) > SHARE_OF_EXACT)


def sorted_by(y: Any, is_class: bool, target: str) -> Iterator[Suspect]:
    """Whether the file is in the order of the target. y: in the file's order."""
    if is_class:
        n_blocks = 1 + int((y[1:] != y[:-1]).sum())
        is_sorted = n_blocks <= 2 * len(np.unique(y)) < len(y) / 5
    else:
        ranks = _ranks(y[:: max(1, len(y) // N_SAMPLE)])
        is_sorted = abs(_r(np.arange(len(ranks)), ranks)) > 0.99
    if is_sorted:
        evidence = f"the file is in the order of {target}: a column that counts rows gives it away"
        fix = "data.ignore: [a column that counts rows]"
        yield Suspect([ROWS], "leak", "ask", len(y), evidence, fix)
