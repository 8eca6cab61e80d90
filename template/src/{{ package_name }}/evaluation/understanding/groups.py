"""Error rates by group, and the widest gap between two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import intervals
from ..rows import Floats, Rows
from ..settings import Settings

# A rate of fewer rows is an anecdote, and takes no part in the gap.
LEAST_ROWS = 10
UNKNOWN = {"rate": None, "low": None, "high": None}
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rate:
    """A mean over some rows. of: which count. value: each row's own; both of shape (n_rows,)."""

    of: Mask
    value: Floats


def rate(metric: str, rows: Rows, positive: int | None) -> Rate:
    """A metric of configs/fairness.py as a mean over rows; positive: a place in rows.classes."""
    everybody = np.ones(len(rows), dtype=bool)
    if positive is None:
        error = np.asarray(rows.guess - rows.truth, dtype=np.float64)
        return Rate(everybody, np.abs(error) if metric == "mae" else error)
    is_so, said_so = rows.truth == positive, rows.guess == positive
    ways: dict[str, Callable[[], Rate]] = {
        "true_positive_rate": lambda: Rate(is_so, said_so.astype(np.float64)),
        "false_positive_rate": lambda: Rate(~is_so, said_so.astype(np.float64)),
        "selection_rate": lambda: Rate(everybody, said_so.astype(np.float64)),
        "precision": lambda: Rate(said_so, is_so.astype(np.float64)),
        "accuracy": lambda: Rate(everybody, (rows.truth == rows.guess).astype(np.float64)),
    }
    return ways[metric]()


def by_group(
    found: Rate, members: Mapping[str, NDArray[np.intp]], settings: Settings
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """One entry a group, and the gap: largest minus smallest rate of those that can be judged.

    members: positions of each group's rows. An entry has n_rows (those behind the rate) and
    value, low and high, None where n_rows is below LEAST_ROWS. The gap is None where fewer than
    two groups can be judged. Its interval leans upwards: chance alone parts groups that are equal.
    """
    inside = np.zeros((len(members), len(found.of)))
    for line, places in enumerate(members.values()):
        inside[line, places] = 1.0
    inside *= found.of
    n_rows = inside.sum(axis=1).astype(int)
    weights = intervals.resamples(len(found.of), settings.n_resamples, settings.seed)
    drawn = np.concatenate([_means(some, inside, found.value) for some in weights])
    values = _means(np.ones((1, len(found.of))), inside, found.value)[0]
    judged = n_rows >= LEAST_ROWS
    entries = [
        {"value": name, "n_rows": int(n_rows[line]), **_interval(values, drawn, line, settings)}
        if judged[line]
        else {"value": name, "n_rows": int(n_rows[line]), **UNKNOWN}
        for line, name in enumerate(members)
    ]
    return entries, _gap(list(members), values, drawn, judged, settings)


def _means(weights: Floats, inside: Floats, value: Floats) -> Floats:
    """Mean of each group under each weighting, shape (n_weightings, n_groups); NaN for no row."""
    total, count = weights @ (inside * value).T, weights @ inside.T
    means = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return np.asarray(means, dtype=np.float64)


def _interval(values: Floats, drawn: Floats, line: int, settings: Settings) -> dict[str, float]:
    low, high = np.nanquantile(drawn[:, line], _ends(settings))
    return {"rate": float(values[line]), "low": float(low), "high": float(high)}


def _gap(
    names: Sequence[str], values: Floats, drawn: Floats, judged: Mask, settings: Settings
) -> dict[str, Any] | None:
    places = np.flatnonzero(judged)
    if len(places) < 2:
        return None
    best, worst = places[np.argmax(values[places])], places[np.argmin(values[places])]
    value = float(values[best] - values[worst])
    some = drawn[:, places]
    low, high = np.nanquantile(np.nanmax(some, axis=1) - np.nanmin(some, axis=1), _ends(settings))
    return {
        "value": value,
        "low": min(float(low), value),
        "high": max(float(high), value),
        "highest": names[best],
        "lowest": names[worst],
    }


def _ends(settings: Settings) -> list[float]:
    return [(1 - settings.level) / 2, (1 + settings.level) / 2]
