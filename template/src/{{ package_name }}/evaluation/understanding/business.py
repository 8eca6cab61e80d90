"""What answers are worth, row by row, and from which probability on an act pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import intervals
from ..rows import Floats, Rows
from ..settings import Settings

PER = 1000
# Points of the curve over thresholds: the record is committed, so it stays small.
MAX_POINTS = 100


@dataclass(frozen=True)
class Worth:
    """matrix: value of each true class (row) said as each class (column), as in rows.classes.

    Of numbers over and under, per unit, and the act from `at` on with its two costs; all costs.
    """

    matrix: Floats | None = None
    over: float = 0.0
    under: float = 0.0
    at: float | None = None
    needless: float = 0.0
    missed: float = 0.0

    def of(self, rows: Rows) -> Floats:
        """Value of each row, shape (n_rows,); a cost is negative."""
        if self.matrix is not None:
            return np.asarray(self.matrix[rows.truth, rows.guess], dtype=np.float64)
        error = rows.guess - rows.truth
        worth = -(self.over * np.maximum(error, 0) + self.under * np.maximum(-error, 0))
        if self.at is not None:
            acts, should = rows.guess >= self.at, rows.truth >= self.at
            worth -= self.needless * (acts & ~should) + self.missed * (~acts & should)
        return np.asarray(worth, dtype=np.float64)


def matrix_of(value: Mapping[str, Mapping[str, float]], classes: tuple[Any, ...]) -> Floats:
    """The values in the order of classes; what is not named is worth nothing."""
    return np.array(
        [[value.get(str(true), {}).get(str(said), 0.0) for said in classes] for true in classes]
    )


def summary(worth: Floats, settings: Settings) -> dict[str, Any]:
    """total, and per_1000 rows with its interval."""
    return {"total": float(worth.sum()), "per_1000": per_1000(worth, settings)}


def per_1000(worth: Floats, settings: Settings) -> dict[str, float]:
    """Mean value of a thousand rows, with the bootstrap interval of the mean."""
    n_rows, value = len(worth), PER * float(worth.mean())
    weights = intervals.resamples(n_rows, settings.n_resamples, settings.seed)
    drawn = PER * np.concatenate([some @ worth / n_rows for some in weights])
    low, high = np.quantile(drawn, [(1 - settings.level) / 2, (1 + settings.level) / 2])
    return {"value": value, "low": min(float(low), value), "high": max(float(high), value)}


def always(worth: Worth, rows: Rows) -> list[dict[str, Any]]:
    """Per 1000 rows, what it is worth to give each answer to everybody; the best first."""
    if worth.matrix is None:
        return []
    found = [
        {"said": str(label), "per_1000": PER * float(worth.matrix[rows.truth, place].mean())}
        for place, label in enumerate(rows.classes)
    ]
    return sorted(found, key=lambda one: -float(one["per_1000"]))


def said_from(rows: Rows, threshold: float) -> Rows:
    """The same rows, where the positive class of two is said from that probability on."""
    assert rows.score is not None
    assert len(rows.classes) == 2
    guess = (rows.score[:, 1] >= threshold).astype(np.intp)
    return Rows(rows.truth, guess, rows.score, rows.classes)


def best_threshold(worth: Worth, rows: Rows) -> tuple[float, list[tuple[float, float]]]:
    """The probability from which saying the positive class of two is worth most on these rows.

    Also a curve: (threshold, value of 1000 rows). Of several as good, the middle of the widest
    stretch, since a cut beside a row would move with that row.
    """
    assert rows.score is not None
    assert worth.matrix is not None
    chance = rows.score[:, 1]
    order = np.argsort(chance, kind="stable")
    no, yes = (worth.matrix[rows.truth[order], said] for said in (0, 1))
    # After k rows in order are said `no`, all others `yes`; equal chances fall on one side.
    total = np.concatenate([[0.0], np.cumsum(no - yes)]) + yes.sum()
    ends = np.concatenate([[0.0], chance[order], [1.0]])
    is_cut = np.diff(ends) > 0
    is_cut[0] = True  # said of everybody, though a row may have chance 0
    values = np.where(is_cut, total, -np.inf)
    low, high = _widest(ends, values >= values.max() - 1e-9 * max(1.0, abs(float(values.max()))))
    cuts = np.flatnonzero(is_cut)
    picked = cuts[np.linspace(0, len(cuts) - 1, min(len(cuts), MAX_POINTS)).round().astype(int)]
    middles = (ends[picked] + ends[picked + 1]) / 2
    curve = list(zip(middles.tolist(), (PER * total[picked] / len(rows)).tolist(), strict=True))
    return (low + high) / 2, curve


def _widest(ends: Floats, is_best: NDArray[np.bool_]) -> tuple[float, float]:
    """The widest stretch between two ends over which every cut is best."""
    stretches: list[tuple[float, float]] = []
    for place in np.flatnonzero(is_best):
        low, high = float(ends[place]), float(ends[place + 1])
        if stretches and stretches[-1][1] == low:
            low = stretches.pop()[0]
        stretches.append((low, high))
    return max(stretches, key=lambda one: one[1] - one[0])


def threshold_of_costs(matrix: Floats) -> float | None:
    """Where an act pays if probabilities are true; None where one answer is always better.

    Source: Elkan (2001), The Foundations of Cost-Sensitive Learning.
    """
    alarm, hit = float(matrix[0, 0] - matrix[0, 1]), float(matrix[1, 1] - matrix[1, 0])
    return alarm / (alarm + hit) if alarm > 0 and hit > 0 else None
