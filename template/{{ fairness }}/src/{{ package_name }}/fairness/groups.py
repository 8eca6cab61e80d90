"""A rate by group with its interval, and the features that give a group away."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..evaluation.slices import MAX_VALUES, groups
from ..utils.suspects import numbers

Array = NDArray[Any]
MIN_ROWS = 10  # a rate of fewer rows has no meaning, and takes no part in the difference
N_DRAWS = 200  # of fairlearn's bootstrap; each costs about ten milliseconds
N_FOLDS, MAX_PROXY_ROWS = 3, 5_000
ENDS = ("value", "low", "high")
UNKNOWN: dict[str, Any] = {"n_rows": 0, **dict.fromkeys(ENDS)}


def members(cells: pl.Series) -> Array:
    """The group of each row; numbers and dates by quartiles, empty cells as a group.

    Raises ValueError for a column of too many values.
    """
    names = np.full(len(cells), "", dtype=object)
    for value, rows in groups(cells):
        names[rows] = value
    if (names == "").any():
        raise ValueError(
            f"conf/fairness.yaml: columns: '{cells.name}' has more than {MAX_VALUES} values, which "
            f"are no groups; combine them in a column of the data"
        )
    return names.astype(str)


def compare(
    values: Array, group: Array, level: float, seed: int
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """(group -> n_rows, value, low, high; the difference and ratio between the extreme groups).

    values: shape (n_rows,), each row's part of the rate, which is their mean. The second is None
    where fewer than two groups have MIN_ROWS rows. Chance alone makes equal groups differ, so
    the difference and its interval lean upwards.
    """
    from fairlearn.metrics import MetricFrame, mean_prediction

    names, counts = np.unique(group, return_counts=True)
    found = {str(n): {**UNKNOWN, "n_rows": int(c)} for n, c in zip(names, counts, strict=True)}
    large = np.isin(group, names[counts >= MIN_ROWS])
    if not large.any():
        return found, None
    frame = MetricFrame(
        metrics=mean_prediction,
        y_true=values[large],
        y_pred=values[large],
        sensitive_features=group[large],
        n_boot=N_DRAWS,
        ci_quantiles=[(1 - level) / 2, (1 + level) / 2],
        random_state=seed,
    )
    rates = frame.by_group
    for name in rates.index:
        found[name] |= _interval(rates[name], [ends[name] for ends in frame.by_group_ci])
    if len(rates) < 2:
        return found, None
    gap = _interval(frame.difference(), frame.difference_ci())
    ratio = _interval(frame.ratio(), frame.ratio_ci())
    pair = {"lowest": str(rates.idxmin()), "highest": str(rates.idxmax())}
    return found, {**gap, "ratio": ratio, **pair}


def _interval(value: float, ends: list[float]) -> dict[str, float | None]:
    known = [float(one) if np.isfinite(one) else None for one in (value, *ends)]
    return dict(zip(ENDS, known, strict=True))


def proxies(
    rows: pl.DataFrame, features: tuple[str, ...], attribute: str, group: Array
) -> list[dict[str, Any]]:
    """How well each feature alone predicts the group: attribute, feature and auc.

    auc: of a shallow tree by cross-validation, mean over groups; 0.5 is a guess.
    Source: Feldman and others (2015), Certifying and Removing Disparate Impact, KDD.
    """
    names, counts = np.unique(group, return_counts=True)
    picked = np.flatnonzero(np.isin(group, names[counts >= MIN_ROWS]))
    picked = np.random.default_rng(0).permutation(picked)[:MAX_PROXY_ROWS]
    aucs = [
        1.0 if name == attribute else _auc(rows[name][picked], group[picked]) for name in features
    ]
    pairs = zip(features, aucs, strict=True)
    return [{"attribute": attribute, "feature": name, "auc": auc} for name, auc in pairs]


def _auc(cells: pl.Series, group: Array) -> float:
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    if len(np.unique(group)) < 2:
        return 0.5
    X = numbers(cells.rank("dense") if cells.dtype == pl.String else cells)[:, None]
    tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=0)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    values = cross_val_score(tree, X, group, cv=folds, scoring="roc_auc_ovr")
    return max(0.5, float(values.mean()))
