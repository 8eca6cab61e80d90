"""How much worse predictions get when one feature is shuffled, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .. import intervals, metrics
from ..rows import Floats, Rows

# Halvings of the rows behind the rank correlation.
N_HALVINGS = 20


@dataclass(frozen=True)
class Weighings:
    """Ways to count the rows: all alike, resampled, and half of them each.

    plain: shape (1, n_rows). resampled: (n_resamples, n_rows). halves: two of (N_HALVINGS, n_rows).
    """

    plain: Floats
    resampled: Floats
    halves: tuple[Floats, Floats]

    @classmethod
    def of(cls, per_row: Floats, *, n_resamples: int, seed: int) -> Weighings:
        """per_row: shape (n_rows,), how much each row counts."""
        n_rows, random = len(per_row), np.random.default_rng(seed)
        drawn = np.concatenate(list(intervals.resamples(n_rows, n_resamples, seed)))
        order = np.argsort(random.random((N_HALVINGS, n_rows)), axis=1)
        first = (order < n_rows // 2).astype(np.float64)
        return cls(per_row[None], drawn * per_row, (first * per_row, (1 - first) * per_row))

    @property
    def all(self) -> Floats:
        """One below the other."""
        return np.concatenate([self.plain, self.resampled, *self.halves])


@dataclass(frozen=True)
class Drop:
    """What shuffling one feature costs, in the metric; above 0 the model leans on it.

    spread: standard deviation over shuffles and over other rows of the same kind. halves: the same
    cost on either half of the rows, each with half of the shuffles; shape (2, N_HALVINGS).
    """

    value: float
    spread: float
    low: float
    high: float
    halves: Floats


def drop(
    metric: metrics.Metric,
    rows: Rows,
    shuffled: Sequence[Rows],
    weighings: Weighings,
    level: float,
) -> Drop:
    """rows: as predicted. shuffled: the same rows, predicted with one feature shuffled; 2 or more.

    Source: Breiman (2001), Random Forests; Fisher, Rudin and Dominici (2019), JMLR 20.
    """
    sign = 1.0 if metric.higher_is_better else -1.0
    weights = weighings.all
    before = metric.function(rows, weights)
    costs = np.array([sign * (before - metric.function(one, weights)) for one in shuffled])
    n_resampled = len(weighings.resampled)
    by_shuffle, by_rows = costs[:, 0], costs[:, 1 : 1 + n_resampled].mean(axis=0)
    low, high = np.quantile(by_rows, [(1 - level) / 2, (1 + level) / 2])
    value = float(by_shuffle.mean())
    return Drop(
        value=value,
        spread=float(np.hypot(by_shuffle.std(ddof=1), by_rows.std(ddof=1))),
        low=min(float(low), value),
        high=max(float(high), value),
        halves=_halves(costs[:, 1 + n_resampled :]),
    )


def difference(
    metric: metrics.Metric, one: Rows, other: Rows, weights: Floats, level: float
) -> dict[str, float]:
    """By how much `one` is better than `other`, rows predicted by two models; paired.

    weights: shape (1 + n_resamples, n_rows), the first line as the rows are.
    """
    sign = 1.0 if metric.higher_is_better else -1.0
    found = sign * (metric.function(one, weights) - metric.function(other, weights))
    value, drawn = float(found[0]), found[1:][np.isfinite(found[1:])]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return {"value": value, "low": min(float(low), value), "high": max(float(high), value)}


def _halves(costs: Floats) -> Floats:
    """Rows of the first half with the first shuffles, of the second with the others."""
    middle = len(costs) // 2
    first, second = np.split(costs, 2, axis=1)
    return np.array([first[:middle].mean(axis=0), second[middle:].mean(axis=0)])


def rank_correlation(drops: Mapping[str, Drop]) -> float | None:
    """Spearman's correlation between the importances of two halves, mean over halvings.

    1: the order is the same on other rows; 0: it says nothing. None for fewer than three features.
    """
    if len(drops) < 3:
        return None
    halves = np.array([one.halves for one in drops.values()])
    pairs = [_spearman(halves[:, 0, i], halves[:, 1, i]) for i in range(halves.shape[2])]
    return float(np.mean(pairs))


def _spearman(one: Floats, other: Floats) -> float:
    a, b = _ranks(one), _ranks(other)
    if not a.std() or not b.std():
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: Floats) -> Floats:
    """Ranks from 0; equal values share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    middle = last - (count + 1) / 2
    return np.asarray(middle[place], dtype=np.float64)
