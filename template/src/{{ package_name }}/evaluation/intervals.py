"""Bootstrap intervals of metrics: how much a number would move on other rows of the same kind.

Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap; percentile intervals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import metrics
from .predictions import Predictions
from .rows import Floats, Rows, rows_of

# Above this many draws a run would wait for digits nobody reads: fewer resamples are taken then.
MAX_DRAWS = 2_000_000
MIN_RESAMPLES = 100
CHUNK_DRAWS = 250_000
# Ranking metrics sort once a chunk.
MIN_CHUNK = 25

Interval = dict[str, float]


def bootstrap(
    task: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    y_score: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    classes: ArrayLike | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each metric with the interval that holds the share `level` of resampled values.

    Arguments as in metrics.compute. Returns {name: {"value", "low", "high"}}.
    Raises ValueError as metrics.compute does, and if level is outside (0, 1).
    """
    rows = rows_of(task, y_true, y_pred, y_score, classes)
    wanted = metrics.chosen(task, names, rows)
    values = {metric.name: metrics.value_of(metric, rows) for metric in wanted}
    drawn: dict[str, list[Floats]] = {metric.name: [] for metric in wanted}
    for weights in resamples(len(rows), n_resamples, seed):
        for metric in wanted:
            drawn[metric.name].append(metric.function(rows, weights))
    return {name: _interval(values[name], np.concatenate(drawn[name]), level) for name in drawn}


def bootstrap_difference(
    metric: str,
    task: str,
    y_true: ArrayLike,
    a: Predictions,
    b: Predictions,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """By how much `a` is better than `b` on the same rows; above 0 means that `a` is better.

    The sign follows the metric: for an error, b - a. Paired: each resample draws the same rows
    for both, so that hard rows do not count as a difference.
    """
    chosen = metrics.find(task, metric)
    pair = [rows_of(task, y_true, p.y_pred, p.y_score, p.classes) for p in (a, b)]
    sign = 1.0 if chosen.higher_is_better else -1.0
    for rows in pair:
        metrics.chosen(task, [metric], rows)
    value = sign * (metrics.value_of(chosen, pair[0]) - metrics.value_of(chosen, pair[1]))
    drawn = [
        sign * (chosen.function(pair[0], weights) - chosen.function(pair[1], weights))
        for weights in resamples(len(pair[0]), n_resamples, seed)
    ]
    return _interval(value, np.concatenate(drawn), level)


def resamples(n_rows: int, n_resamples: int, seed: int) -> Iterator[Floats]:
    """Weights of shape (some, n_rows): how often each resample drew each row."""
    if n_rows * n_resamples > MAX_DRAWS:
        n_resamples = min(n_resamples, max(MIN_RESAMPLES, MAX_DRAWS // n_rows))
    random = np.random.default_rng(seed)
    at_once = max(MIN_CHUNK, CHUNK_DRAWS // n_rows)
    for start in range(0, n_resamples, at_once):
        n_now = min(at_once, n_resamples - start)
        drawn = random.integers(0, n_rows, size=(n_now, n_rows))
        place = drawn + np.arange(n_now)[:, None] * n_rows
        counts = np.bincount(place.ravel(), minlength=n_now * n_rows)
        yield counts.reshape(n_now, n_rows).astype(np.float64)


def of_rows(
    metric: metrics.Metric, rows: Rows, *, n_resamples: int, level: float, seed: int
) -> Interval:
    """One metric with its interval, for rows that are checked already."""
    value = metrics.value_of(metric, rows)
    drawn = [metric.function(rows, weights) for weights in resamples(len(rows), n_resamples, seed)]
    return _interval(value, np.concatenate(drawn), level)


def _interval(value: float, drawn: Floats, level: float) -> Interval:
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    defined = drawn[np.isfinite(drawn)]
    if not len(defined):
        raise ValueError("no resample has a defined value: too few rows of one class")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    # A skewed statistic (the largest error) can leave its own percentile interval.
    return {"value": value, "low": min(float(low), value), "high": max(float(high), value)}
