"""Metrics of predicted labels and probabilities, for many weightings of the rows at once.

Each function takes rows and weights of shape (n_resamples, n_rows), where a weight says how often
a row counts, and returns shape (n_resamples,). A weight of one everywhere is the plain metric; the
bootstrap passes a thousand weightings and pays for one sort. NaN means: not defined on these rows.
The tests hold every function equal to sklearn.metrics.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .rows import Floats, Rows

# scikit-learn's clip for float64: a probability of zero costs 36 nats, not infinity.
EPSILON = float(np.finfo(np.float64).eps)

# Weights of positive and of negative rows by group of equal score, ascending.
OfGroups = Callable[[Floats, Floats], Floats]


def accuracy(rows: Rows, weights: Floats) -> Floats:
    """Share of rows with the right label."""
    return _share(weights @ (rows.truth == rows.guess).astype(np.float64), weights.sum(axis=1))


def balanced_accuracy(rows: Rows, weights: Floats) -> Floats:
    """Mean over classes of the share found; 0.5 for a guess between two classes."""
    truth, hit = _one_hot(rows)[0], rows.truth == rows.guess
    recall = _share(weights @ (truth * hit[:, None]), weights @ truth)
    return _mean_defined(recall)


def f1(rows: Rows, weights: Floats) -> Floats:
    """F1 of the positive class of two; the mean over classes when there are more."""
    truth, guess = _one_hot(rows)
    found = 2 * (weights @ (truth * guess))
    total = weights @ truth + weights @ guess
    score = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    if len(rows.classes) == 2:
        return np.asarray(score[:, -1], dtype=np.float64)
    # A class that is neither there nor predicted says nothing about the model.
    return _mean_defined(np.where(total > 0, score, np.nan))


def log_loss(rows: Rows, weights: Floats) -> Floats:
    """Mean surprise of the true label, in nats."""
    chance = np.clip(score_of_truth(rows), EPSILON, 1 - EPSILON)
    return _share(weights @ -np.log(chance), weights.sum(axis=1))


def brier(rows: Rows, weights: Floats) -> Floats:
    """Half the mean squared distance between probabilities and truth; in [0, 1].

    With two classes this is the usual (p - y)^2. Source: Brier (1950), Monthly Weather Review 78.
    """
    error = 0.5 * ((_score(rows) - _one_hot(rows)[0]) ** 2).sum(axis=1)
    return _share(weights @ error, weights.sum(axis=1))


def roc_auc(rows: Rows, weights: Floats) -> Floats:
    """Chance that a positive row is scored above a negative one; mean over classes when many."""
    return _per_class(rows, weights, _auc_of_groups)


def average_precision(rows: Rows, weights: Floats) -> Floats:
    """Precision averaged over recall, without interpolation; mean over classes when many."""
    return _per_class(rows, weights, _precision_of_groups)


def score_of_truth(rows: Rows) -> Floats:
    """The probability that the model gave to what was true, shape (n_rows,)."""
    return np.asarray(_score(rows)[np.arange(len(rows)), rows.truth], dtype=np.float64)


def _auc_of_groups(positive: Floats, negative: Floats) -> Floats:
    below = np.cumsum(negative, axis=1) - negative / 2
    return _share((positive * below).sum(axis=1), positive.sum(axis=1) * negative.sum(axis=1))


def _precision_of_groups(positive: Floats, negative: Floats) -> Floats:
    found = np.cumsum(positive[:, ::-1], axis=1)
    named = found + np.cumsum(negative[:, ::-1], axis=1)
    precision = np.divide(found, named, out=np.zeros_like(found), where=named > 0)
    return _share((precision * positive[:, ::-1]).sum(axis=1), positive.sum(axis=1))


def _per_class(rows: Rows, weights: Floats, of_groups: OfGroups) -> Floats:
    n_classes = len(rows.classes)
    places = [n_classes - 1] if n_classes <= 2 else range(n_classes)
    columns: list[Floats] = []
    for place in places:
        score = _score(rows)[:, place]
        order = np.argsort(score, kind="stable")
        # Rows of equal score form one group: their order carries no information.
        starts = np.flatnonzero(np.diff(score[order], prepend=-1.0))
        sorted_weights = weights[:, order]
        is_positive = (rows.truth[order] == place).astype(np.float64)
        positive = np.add.reduceat(sorted_weights * is_positive, starts, axis=1)
        negative = np.add.reduceat(sorted_weights * (1 - is_positive), starts, axis=1)
        columns.append(of_groups(positive, negative))
    return _mean_defined(np.column_stack(columns))


def _score(rows: Rows) -> Floats:
    assert rows.score is not None, "metrics.compute asks for scores before it calls"
    return rows.score


def _one_hot(rows: Rows) -> tuple[Floats, Floats]:
    """Truth and guess, each of shape (n_rows, n_classes)."""
    identity = np.eye(len(rows.classes))
    return identity[rows.truth], identity[rows.guess]


def _share(part: Floats, whole: Floats) -> Floats:
    share = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return np.asarray(share, dtype=np.float64)


def _mean_defined(columns: Floats) -> Floats:
    """Row means over the columns that are not NaN; NaN where none is."""
    defined = ~np.isnan(columns)
    return _share(
        np.where(defined, columns, 0.0).sum(axis=1), defined.sum(axis=1).astype(np.float64)
    )
