"""Bootstrap intervals of a metric, and of the difference between two models."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..utils.predictions import Array, Predictions
from .metrics import Metric, evaluate_metric

Interval = dict[str, float | None]
# Of more rows a draw takes as many as this; the interval is scaled by the root of the share.
# Source: Bickel, Götze and van Zwet (1997), Resampling fewer than n observations.
MAX_ROWS = 5_000


def bootstrap(
    metric: Metric,
    y_true: Array,
    predicted: Predictions,
    *,
    n_resamples: int,
    level: float,
    seed: int,
) -> Interval:
    """value, low and high: the metric and its percentile interval over resampled rows.

    None where it is not defined; draws on which it is not are left out.
    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    values = _resample(metric, y_true, [predicted], n_resamples, seed)
    return _interval(values[:, 0], level, len(y_true))


def bootstrap_pair(
    metric: Metric,
    y_true: Array,
    one: Predictions,
    *others: Predictions,
    n_resamples: int,
    level: float,
    seed: int,
) -> tuple[Interval, Interval]:
    """(the interval of `one`, that of its advantage over the mean of others), paired by rows.

    The advantage is above 0 where `one` is better.
    """
    # Errors of both are divided by the same scale: each model's own is of what it was fitted on.
    others = tuple(replace(other, scale=one.scale) for other in others)
    values = _resample(metric, y_true, [one, *others], n_resamples, seed)
    sign = 1 if metric.greater_is_better else -1
    gains = sign * (values[:, 0] - values[:, 1:].mean(axis=1))
    return _interval(values[:, 0], level, len(y_true)), _interval(gains, level, len(y_true))


def interval_over_folds(scores: Sequence[float] | Array, ratio: float, level: float) -> Interval:
    """value, low and high: the mean over folds, and its corrected t interval; None where undefined.

    ratio: rows to score for each row to fit on; the fits share rows, so that the scores vary less
    than those of new rows. Source: Nadeau and Bengio (2003), Inference for the Generalization
    Error, Machine Learning 52.
    """
    from scipy.stats import t

    n_folds, value = len(scores), float(np.mean(scores))
    if not np.isfinite(value):
        return {"value": None, "low": None, "high": None}
    error = float(np.std(scores, ddof=1)) * (1 / n_folds + ratio) ** 0.5
    half = error * float(t.ppf((1 + level) / 2, n_folds - 1))
    return {"value": value, "low": value - half, "high": value + half}


def _resample(
    metric: Metric, y_true: Array, models: Sequence[Predictions], n_resamples: int, seed: int
) -> Array:
    """Each model's metric on all rows, then on each draw; shape (1 + n_resamples, n_models)."""
    generator, n_rows = np.random.default_rng(seed), len(y_true)
    values = np.empty((1 + n_resamples, len(models)))
    rows = np.arange(n_rows)
    for draw in range(1 + n_resamples):
        for place, model in enumerate(models):
            taken = model.take(rows)
            values[draw, place] = evaluate_metric(metric, y_true[rows], taken)
        rows = generator.integers(0, n_rows, min(n_rows, MAX_ROWS))
    return values


def _interval(values: Array, level: float, n_rows: int) -> Interval:
    """values: of all rows first, then of each draw."""
    known = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or not len(known):
        return {"value": None, "low": None, "high": None}
    scaled = values[0] + min(1.0, MAX_ROWS / n_rows) ** 0.5 * (known - values[0])
    low, high = np.quantile(scaled, [(1 - level) / 2, (1 + level) / 2])
    return {"value": float(values[0]), "low": float(low), "high": float(high)}
