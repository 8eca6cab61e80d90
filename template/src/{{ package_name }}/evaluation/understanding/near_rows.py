"""Rows that are nearly alike and have different answers: a wrong label, or a missing feature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rows import Floats

# Rows compared: of so many, each with each is a second's work.
MAX_ROWS = 2_000
MAX_KNOWN = 20_000
AT_ONCE = 200
N_SHOWN = 8
# Of numbers: so many times the middle half of the targets apart is a different answer.
APART = 1.0


def near_rows(
    cells: Floats,
    known: Floats,
    answers: NDArray[Any],
    known_answers: NDArray[Any],
) -> tuple[list[tuple[int, int, float]], float]:
    """Pairs (row, known row, distance) of nearest neighbours with different answers, nearest first.

    cells, known: shape (n_rows, n_features), scaled so that a step of one is large, without gaps.
    answers: labels, or numbers. Only pairs nearer than most neighbours are: the second value is the
    median distance of a row to its nearest neighbour, and no pair is farther.
    """
    nearest, distance = _nearest(cells, known)
    usual = float(np.median(distance)) if len(distance) else 0.0
    differ = _differ(answers, known_answers[nearest], known_answers)
    places = np.flatnonzero(differ & (distance <= usual))
    order = places[np.argsort(distance[places], kind="stable")][:N_SHOWN]
    return [(int(row), int(nearest[row]), float(distance[row])) for row in order], usual


def _nearest(cells: Floats, known: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Of each row the nearest known one, and how far it is: root of the mean squared step."""
    squares = (known**2).sum(axis=1)
    places, distances = [np.empty(0, dtype=np.intp)], [np.empty(0)]
    for start in range(0, len(cells), AT_ONCE):
        some = cells[start : start + AT_ONCE]
        apart = (some**2).sum(axis=1)[:, None] + squares - 2 * some @ known.T
        place = apart.argmin(axis=1)
        places.append(place)
        distances.append(apart[np.arange(len(some)), place])
    # Rounding leaves a little below zero where two rows are one.
    far = np.sqrt(np.maximum(np.concatenate(distances), 0) / max(1, cells.shape[1]))
    return np.concatenate(places), np.where(far < 1e-6, 0.0, far)


def _differ(one: NDArray[Any], other: NDArray[Any], every: NDArray[Any]) -> NDArray[np.bool_]:
    if every.dtype.kind not in "fiu":
        return np.asarray(one != other, dtype=bool)
    low, high = np.quantile(every, [0.25, 0.75])
    return np.asarray(np.abs(one - other) > APART * (high - low), dtype=bool)
