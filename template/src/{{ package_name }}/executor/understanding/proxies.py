"""Which feature stands in for a group: can the group be told from it alone?

Source: Feldman et al. (2015), Certifying and Removing Disparate Impact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

    from ...evaluation.rows import Floats
    from ..problem import Problem

MAX_ROWS = 5_000
N_FOLDS = 3
# A shallow tree: what it finds in one column, people find too.
DEPTH, LEAF_ROWS = 4, 5


def proxies(
    problem: Problem, fitted_on: pl.DataFrame, attribute: str, group: NDArray[Any]
) -> list[dict[str, Any]]:
    """How well each feature alone tells the groups of one column, best first.

    group: shape (n_rows,), the group of each row of fitted_on. auc: of a tree on rows it was not
    fitted on, mean over groups; 0.5 is a guess, which is also said where it does worse.
    """
    chosen = _some(len(group), problem.config.seed)
    X, codes = problem.X(fitted_on)[chosen], np.unique(group[chosen], return_inverse=True)[1]
    found = [
        {"attribute": attribute, "feature": name, "auc": _auc_of(name, X, codes, attribute)}
        for name in X.columns
    ]
    return sorted(found, key=lambda one: -one["auc"])


def _auc_of(name: str, X: pl.DataFrame, codes: NDArray[np.intp], attribute: str) -> float:
    return 1.0 if name == attribute else _auc(_floats(X[name]), codes)


def _some(n_rows: int, seed: int) -> NDArray[np.intp]:
    """An order of at most MAX_ROWS rows: folds are cut from it."""
    return np.random.default_rng(seed).permutation(n_rows)[:MAX_ROWS]


def _floats(cells: pl.Series) -> Floats:
    if cells.dtype.is_numeric():
        return np.asarray(cells.to_numpy(), dtype=np.float64)
    return np.unique(cells.to_numpy().astype(str), return_inverse=True)[1].astype(np.float64)


def _auc(values: Floats, codes: NDArray[np.intp]) -> float:
    from sklearn.tree import DecisionTreeClassifier

    from ...evaluation.metrics import find
    from ...evaluation.rows import Rows

    n_groups = int(codes.max()) + 1
    if n_groups < 2:
        return 0.5
    X, score = values.reshape(-1, 1), np.zeros((len(codes), n_groups))
    fold = np.arange(len(codes)) % N_FOLDS
    for number in range(N_FOLDS):
        tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=LEAF_ROWS, random_state=0)
        tree.fit(X[fold != number], codes[fold != number])
        score[np.ix_(fold == number, tree.classes_)] = tree.predict_proba(X[fold == number])
    rows = Rows(codes, score.argmax(axis=1), score, tuple(range(n_groups)))
    found = float(find("classification", "roc_auc").function(rows, np.ones((1, len(codes))))[0])
    return max(0.5, found) if np.isfinite(found) else 0.5
