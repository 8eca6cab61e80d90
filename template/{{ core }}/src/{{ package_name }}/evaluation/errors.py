"""How predictions are wrong: calibration, confusion, residuals, and the worst rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import confusion_matrix

from ..utils.predictions import Array

# Points in the residual plot; the file is committed, so it stays small.
MAX_POINTS = 300
N_WORST = 20


def calibration(y_true: Array, y_pred: Array, y_score: Any, n_bins: int) -> dict[str, Any]:
    """Expected calibration error, and the bins behind it.

    Two classes: the probability of the positive one against its frequency. More: the probability
    of the predicted class. Numbers: the mean prediction against the mean truth, in their unit.
    Source: Naeini and others (2015), Obtaining Well Calibrated Probabilities, AAAI.
    """
    if y_score is None:
        of, stated, observed = "value", y_pred, y_true
    elif y_score.shape[1] == 2:
        of, stated, observed = "positive class", y_score[:, 1], y_true == 1
    else:
        of, stated, observed = "predicted class", y_score.max(axis=1), y_true == y_pred
    ends = (0.0, 1.0) if y_score is not None else (-np.inf, np.inf)
    inner = np.unique(np.quantile(stated, np.linspace(0, 1, n_bins + 1)))[1:-1]
    places = np.searchsorted(inner, stated, side="right")
    rows = pl.DataFrame({"bin": places, "stated": stated, "observed": observed.astype(float)})
    margin = 1.96 * pl.col("observed").std(ddof=0) / pl.len().sqrt()
    bins = rows.group_by("bin").agg(
        pl.len().alias("n_rows"),
        pl.col("stated", "observed").mean(),
        low=(pl.col("observed").mean() - margin).clip(*ends),
        high=(pl.col("observed").mean() + margin).clip(*ends),
    )
    error = (bins["n_rows"] * (bins["stated"] - bins["observed"]).abs()).sum() / len(stated)
    return {"of": of, "expected_error": error, "bins": bins.sort("bin").drop("bin").to_dicts()}


def confusion(y_true: Array, y_pred: Array, classes: Sequence[str]) -> dict[str, Any]:
    """Counts of the true class (row) by the predicted class (column)."""
    counts = confusion_matrix(y_true, y_pred, labels=range(len(classes)))
    return {"classes": list(classes), "counts": counts.tolist()}


def residuals(y_true: Array, y_pred: Array) -> dict[str, Any]:
    """Predictions and their errors: at most MAX_POINTS points, evenly picked by prediction."""
    error = y_pred - y_true
    picked = np.linspace(0, len(error) - 1, min(len(error), MAX_POINTS)).round().astype(int)
    picked = np.argsort(y_pred, kind="stable")[picked]
    return {"y_pred": y_pred[picked].tolist(), "error": error[picked].tolist()}


def worst_errors(
    y_true: Array, y_pred: Array, y_score: Any, rows: Array, classes: Sequence[str] | None
) -> list[dict[str, Any]]:
    """The rows with the largest error, the worst first; of a classifier the wrong ones alone.

    rows: the number of each row in the file. No column of the data is shown, so that the report
    can be passed on where the data may not be.
    """
    if classes is None:
        size = np.abs(y_pred - y_true)
        worst = np.argsort(-size, kind="stable")[:N_WORST]
        return [
            {"row": int(rows[i]), "y_true": float(y_true[i]), "y_pred": float(y_pred[i])}
            for i in worst[size[worst] > 0]
        ]
    of_truth = y_score[np.arange(len(y_true)), y_true]
    wrong = np.flatnonzero(y_true != y_pred)
    return [
        {"row": int(rows[i]), "y_true": classes[y_true[i]], "y_pred": classes[y_pred[i]]}
        | {"score_of_truth": float(of_truth[i])}
        for i in wrong[np.argsort(of_truth[wrong], kind="stable")][:N_WORST]
    ]
