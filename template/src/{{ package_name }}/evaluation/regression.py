"""Metrics of predicted numbers, for many weightings of the rows at once.

Shapes as in classification.py: weights (n_resamples, n_rows) in, (n_resamples,) out. All values
are float64 by then (rows.as_floats). Units are the target's, squared for none.
"""

from __future__ import annotations

import numpy as np

from .rows import Floats, Rows


def mae(rows: Rows, weights: Floats) -> Floats:
    """Mean absolute error, in the target's unit."""
    return _mean(np.abs(_error(rows)), weights)


def rmse(rows: Rows, weights: Floats) -> Floats:
    """Root of the mean squared error, in the target's unit; large errors weigh more."""
    return np.sqrt(_mean(_error(rows) ** 2, weights))


def r2(rows: Rows, weights: Floats) -> Floats:
    """Share of the variance explained; 0 for the mean, below 0 for worse than the mean."""
    centred = rows.truth - rows.truth.mean()
    spread = _mean(centred**2, weights) - _mean(centred, weights) ** 2
    # Rounding leaves a spread of about 1e-32 where every drawn row is the same one.
    defined = spread > 1e-12 * float((centred**2).mean())
    unexplained = _mean(_error(rows) ** 2, weights)
    ratio = np.divide(unexplained, spread, out=np.full(spread.shape, np.nan), where=defined)
    return np.asarray(1 - ratio, dtype=np.float64)


def median_absolute_error(rows: Rows, weights: Floats) -> Floats:
    """Half of the rows have a smaller absolute error; in the target's unit."""
    error = np.abs(_error(rows))
    order = np.argsort(error)
    reached = np.cumsum(weights[:, order], axis=1)
    half = reached[:, -1:] / 2
    lower = error[order][np.argmax(reached >= half, axis=1)]
    upper = error[order][np.argmax(reached > half, axis=1)]
    return np.asarray((lower + upper) / 2, dtype=np.float64)


def max_error(rows: Rows, weights: Floats) -> Floats:
    """Largest absolute error, in the target's unit."""
    return np.asarray((np.abs(_error(rows)) * (weights > 0)).max(axis=1), dtype=np.float64)


def bias(rows: Rows, weights: Floats) -> Floats:
    """Mean of prediction minus truth; above 0 the model predicts too much."""
    return _mean(_error(rows), weights)


def _error(rows: Rows) -> Floats:
    return np.asarray(rows.guess - rows.truth, dtype=np.float64)


def _mean(values: Floats, weights: Floats) -> Floats:
    return np.asarray((weights @ values) / weights.sum(axis=1), dtype=np.float64)
