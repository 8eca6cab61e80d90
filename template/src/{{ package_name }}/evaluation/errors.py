"""Which rows went wrong, and how: confusion, residuals, the worst rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .classification import score_of_truth
from .rows import Rows

# Points in the residual plot: the record is committed, so it stays small.
MAX_POINTS = 300
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def confusion(rows: Rows) -> dict[str, Any]:
    """Counts of true class (row) by predicted class (column)."""
    n_classes = len(rows.classes)
    cells = np.bincount(rows.truth * n_classes + rows.guess, minlength=n_classes**2)
    names = [str(label) for label in rows.classes]
    return {"classes": names, "counts": cells.reshape(n_classes, n_classes).tolist()}


def residuals(rows: Rows) -> dict[str, Any]:
    """Quantiles of prediction minus truth, and at most 300 points, evenly picked by prediction."""
    error = rows.guess - rows.truth
    order = np.argsort(rows.guess, kind="stable")
    picked = order[np.linspace(0, len(order) - 1, min(len(order), MAX_POINTS)).round().astype(int)]
    return {
        "quantiles": {f"{q:g}": float(np.quantile(error, q)) for q in QUANTILES},
        "y_pred": rows.guess[picked].tolist(),
        "error": error[picked].tolist(),
    }


def worst_errors(
    task: str, rows: Rows, row_ids: NDArray[Any], n_worst: int
) -> list[dict[str, Any]]:
    """The rows with the largest error, worst first; of a classifier only wrong ones.

    Each names its row, what was true and what was said; no other column, so that the report can
    be passed on where the data may not be.
    """
    badness = _distance(rows) if task == "regression" else _surprise(rows)
    order = np.argsort(-badness, kind="stable")[:n_worst]
    return [_error(task, rows, row_ids, int(place)) for place in order if badness[place] > 0]


def _distance(rows: Rows) -> NDArray[np.float64]:
    return np.asarray(np.abs(rows.guess - rows.truth), dtype=np.float64)


def _surprise(rows: Rows) -> NDArray[np.float64]:
    """Above 0 for a wrong row; larger, the surer the model was."""
    wrong = np.asarray(rows.truth != rows.guess, dtype=np.float64)
    if rows.score is None:
        return wrong
    return np.asarray(wrong * (2 - score_of_truth(rows)), dtype=np.float64)


def _error(task: str, rows: Rows, row_ids: NDArray[Any], place: int) -> dict[str, Any]:
    truth, guess = rows.truth[place], rows.guess[place]
    row = {"row": str(row_ids[place])}
    if task == "regression":
        return row | {"y_true": float(truth), "y_pred": float(guess), "error": float(guess - truth)}
    labels = {"y_true": str(rows.classes[truth]), "y_pred": str(rows.classes[guess])}
    if rows.score is None:
        return row | labels
    return row | labels | {"score_of_truth": float(rows.score[place, truth])}
