"""Say in words what a learning curve shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

# Shares of the way from the baseline to a perfect score. Judgement, not theory: on the two
# shipped samples a difference below these is inside the bootstrap interval.
WIDE_GAP = 0.12
RISING = 0.03
WEAK_FIT = 0.2

SENTENCES = {
    "needs-data": "valid still improves with more rows and trails train - more data should help",
    "over-fitting": (
        "train is far ahead and more rows no longer close the gap - "
        "simplify the model, regularise it, or drop features"
    ),
    "under-fitting": (
        "train itself is hardly better than the baseline - a richer model or better features "
        "are needed, more data will not help"
    ),
    "flat": "flat and close together - more data will not help, more features might",
}


def learning_curve_verdict(
    n_rows: Sequence[int],
    train: Sequence[float],
    valid: Sequence[float],
    *,
    higher_is_better: bool,
    baseline: float,
) -> dict[str, str]:
    """{"verdict", "sentence"} for scores on growing shares of the train part.

    n_rows: increasing, at least two; train, valid: the metric on rows fitted and on the valid part.
    baseline: the baseline's value on valid. The scale runs from it to a perfect score: 1 where
    higher is better, 0 for an error.

    Raises ValueError if the lengths differ, n_rows does not increase, or a score is not finite.
    """
    _check(n_rows, train, valid)
    span = (1.0 if higher_is_better else 0.0) - baseline
    if span == 0:
        return _verdict("flat")
    on_train = (np.asarray(train, dtype=np.float64) - baseline) / span
    on_valid = (np.asarray(valid, dtype=np.float64) - baseline) / span
    if on_train[-1] < WEAK_FIT:
        return _verdict("under-fitting")
    rise = on_valid[-1] - on_valid[_half_way(n_rows)]
    if on_train[-1] - on_valid[-1] < WIDE_GAP:
        return _verdict("flat")
    return _verdict("needs-data" if rise > RISING else "over-fitting")


def _half_way(n_rows: Sequence[int]) -> int:
    """Position of the last point with at most half of the rows: what doubling them brought."""
    return max(0, int(np.searchsorted(n_rows, n_rows[-1] / 2, side="right")) - 1)


def _verdict(name: str) -> dict[str, str]:
    return {"verdict": name, "sentence": SENTENCES[name]}


def _check(n_rows: Sequence[int], train: Sequence[float], valid: Sequence[float]) -> None:
    if not 2 <= len(n_rows) == len(train) == len(valid):
        raise ValueError(
            f"a learning curve needs two points or more, each with two scores, "
            f"got {len(n_rows)}, {len(train)} and {len(valid)}"
        )
    if any(later <= earlier for earlier, later in pairwise(n_rows)):
        raise ValueError(f"n_rows must increase, got {list(n_rows)}")
    if not np.isfinite([*train, *valid]).all():
        raise ValueError("a learning curve cannot hold NaN or infinite scores")
