"""Answers that were sure and wrong, and whether a few rows carry the error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rows import Rows

SURE = 0.9
N_SHOWN = 8
# A normal error is this many robust standard deviations away in 3 of 1000 rows.
FAR, FAR_SHARE = 3.0, 0.0027
# Turns the median distance into the standard deviation of a normal error.
MAD_TO_STD = 1.4826


def sure_errors(task: str, rows: Rows, row_ids: NDArray[Any]) -> dict[str, Any] | None:
    """Of classes: how many answers of 90 % and more are wrong, and how many should be.

    Of numbers: how many errors lie far from the usual ones, and their share of all squared error.
    None for a classifier without probabilities.
    """
    if task == "regression":
        return _far(rows, row_ids)
    return None if rows.score is None else _sure(rows, row_ids)


def _sure(rows: Rows, row_ids: NDArray[Any]) -> dict[str, Any]:
    assert rows.score is not None
    chance = rows.score[np.arange(len(rows)), rows.guess]
    sure, wrong = chance >= SURE, rows.guess != rows.truth
    places = np.flatnonzero(sure & wrong)
    worst = places[np.argsort(-chance[places], kind="stable")]
    return {
        "sure": SURE,
        "n_sure": int(sure.sum()),
        "n_wrong": len(places),
        "n_expected": float((1 - chance[sure]).sum()),
        "rows": [
            {
                "row": str(row_ids[place]),
                "y_true": str(rows.classes[rows.truth[place]]),
                "y_pred": str(rows.classes[rows.guess[place]]),
                "said_with": float(chance[place]),
            }
            for place in worst[:N_SHOWN]
        ],
    }


def _far(rows: Rows, row_ids: NDArray[Any]) -> dict[str, Any]:
    error = rows.guess - rows.truth
    middle = float(np.median(error))
    spread = MAD_TO_STD * float(np.median(np.abs(error - middle)))
    distance = np.abs(error - middle) / spread if spread else np.zeros(len(error))
    places = np.flatnonzero(distance > FAR)
    worst = places[np.argsort(-distance[places], kind="stable")]
    total = float((error**2).sum())
    return {
        "usual_error": spread,
        "n_far": len(places),
        "n_expected": FAR_SHARE * len(error),
        "share_of_squared_error": float((error[places] ** 2).sum()) / total if total else 0.0,
        "rows": [
            {
                "row": str(row_ids[place]),
                "y_true": float(rows.truth[place]),
                "y_pred": float(rows.guess[place]),
                "times_usual": float(distance[place]),
            }
            for place in worst[:N_SHOWN]
        ],
    }
