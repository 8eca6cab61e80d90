"""Bootstrap intervals of a metric, and of the difference between two models."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..utils.predictions import Predictions
from .metrics import Metric, evaluate_metric

Array = NDArray[Any]
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
    draws = _draws(len(y_true), n_resamples, seed)
    values = [_value(metric, y_true, predicted, rows) for rows in draws]
    return _interval(
        _value(metric, y_true, predicted, np.arange(len(y_true))), values, level, len(y_true)
    )


def bootstrap_pair(
    metric: Metric,
    y_true: Array,
    one: Predictions,
    other: Predictions,
    *,
    n_resamples: int,
    level: float,
    seed: int,
) -> tuple[Interval, Interval]:
    """(the interval of `one`, the interval of its advantage over `other`), paired by rows.

    The advantage is above 0 where `one` is better; its `share` is that of the draws where it is.
    """
    sign = 1 if metric.greater_is_better else -1
    models, every = (one, other), np.arange(len(y_true))
    value, compared = (_value(metric, y_true, model, every) for model in models)
    pairs = np.array(
        [
            [_value(metric, y_true, model, rows) for model in models]
            for rows in _draws(len(y_true), n_resamples, seed)
        ]
    )
    gains = sign * (pairs[:, 0] - pairs[:, 1])
    known = gains[np.isfinite(gains)]
    advantage = _interval(sign * (value - compared), list(known), level, len(y_true))
    share = float((known > 0).mean()) if len(known) else None
    return _interval(value, list(pairs[:, 0]), level, len(y_true)), {**advantage, "share": share}


def _value(metric: Metric, y_true: Array, predicted: Predictions, rows: Array) -> float:
    taken = predicted.take(rows)
    return evaluate_metric(metric, y_true[rows], taken.y_pred, taken.y_score)


def _draws(n_rows: int, n_resamples: int, seed: int) -> Iterator[NDArray[np.intp]]:
    generator = np.random.default_rng(seed)
    size = min(n_rows, MAX_ROWS)
    return (generator.integers(0, n_rows, size) for _ in range(n_resamples))


def _interval(value: float, values: list[float], level: float, n_rows: int) -> Interval:
    scale = min(1.0, MAX_ROWS / n_rows) ** 0.5
    known = [value + scale * (one - value) for one in values if np.isfinite(one)]
    ends = np.quantile(known, [(1 - level) / 2, (1 + level) / 2]) if known else [None, None]
    low, high = (None if end is None else float(end) for end in ends)
    return {"value": float(value) if np.isfinite(value) else None, "low": low, "high": high}
