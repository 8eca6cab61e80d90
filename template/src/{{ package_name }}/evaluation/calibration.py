"""Does a stated probability, or a predicted number, mean what it says?"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rows import Floats, Rows


def calibration(task: str, rows: Rows, *, n_bins: int, level: float) -> dict[str, Any] | None:
    """Expected calibration error and the bins behind it; None for a model without probabilities.

    Classification: the probability of the positive class of two (of the predicted class when there
    are more) against how often it came true. Regression: the mean prediction against the mean
    truth, so that the error is in the target's unit.
    Source: Naeini et al. (2015), Obtaining Well Calibrated Probabilities Using Bayesian Binning.
    """
    if task == "regression":
        return _summary("value", rows.guess, rows.truth, n_bins, level)
    if rows.score is None:
        return None
    if len(rows.classes) == 2:
        came_true = (rows.truth == 1).astype(np.float64)
        return _summary("positive class", rows.score[:, 1], came_true, n_bins, level)
    top = rows.score.argmax(axis=1)
    came_true = (rows.truth == top).astype(np.float64)
    return _summary("predicted class", rows.score.max(axis=1), came_true, n_bins, level)


def _summary(of: str, stated: Floats, seen: Floats, n_bins: int, level: float) -> dict[str, Any]:
    bins = [
        _bin(stated[members], seen[members], level, is_share=of != "value")
        for members in equal_parts(stated, n_bins)
    ]
    error = sum(b["n_rows"] * abs(b["stated"] - b["seen"]) for b in bins) / len(stated)
    return {"of": of, "expected_error": float(error), "bins": bins}


def equal_parts(values: Floats, n_parts: int) -> list[NDArray[np.intp]]:
    """Positions of rows in about equal groups by value; equal values stay together."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, n_parts + 1)))
    part = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    return [np.flatnonzero(part == number) for number in np.unique(part)]


def _bin(stated: Floats, seen: Floats, level: float, *, is_share: bool) -> dict[str, Any]:
    low, high = (share_interval if is_share else mean_interval)(seen, level)
    return {
        "from": float(stated.min()),
        "to": float(stated.max()),
        "n_rows": len(stated),
        "stated": float(stated.mean()),
        "seen": float(seen.mean()),
        "low": low,
        "high": high,
    }


def share_interval(hits: Floats, level: float) -> tuple[float, float]:
    """Wilson interval of a share: stays inside [0, 1] where few rows are seen."""
    n, share = len(hits), float(hits.mean())
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_interval(values: Floats, level: float) -> tuple[float, float]:
    """Normal interval of a mean; a single row has no width to tell."""
    mean = float(values.mean())
    if len(values) < 2:
        return mean, mean
    half = NormalDist().inv_cdf((1 + level) / 2) * float(values.std(ddof=1)) / sqrt(len(values))
    return mean - half, mean + half
