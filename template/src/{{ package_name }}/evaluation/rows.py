"""Turn labels, scores and values into checked arrays that a metric can trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

# float32 probabilities miss a sum of one by about 1e-6 a class, a forgotten softmax by far more.
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Rows:
    """One row per prediction.

    truth, guess: shape (n_rows,); float64 for regression, positions in `classes` otherwise.
    score: shape (n_rows, n_classes), or None.
    """

    truth: NDArray[Any]
    guess: NDArray[Any]
    score: Floats | None = None
    classes: tuple[Any, ...] = ()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.truth)


def rows_of(
    task: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    y_score: ArrayLike | None = None,
    classes: ArrayLike | None = None,
) -> Rows:
    """Check shapes, types and ranges; raises ValueError with what was seen."""
    truth, guess = np.asarray(y_true), np.asarray(y_pred)
    if truth.ndim != 1 or truth.shape != guess.shape:
        raise ValueError(
            f"y_true and y_pred must be two columns of one length, "
            f"got {truth.shape} and {guess.shape}"
        )
    if not len(truth):
        raise ValueError("there are no rows to evaluate")
    if task == "regression":
        return Rows(as_floats("y_true", truth), as_floats("y_pred", guess))
    return _labelled(truth, guess, y_score, classes)


def as_floats(name: str, values: NDArray[Any]) -> Floats:
    """Float64 copy of numbers.

    Unsigned integers wrap around when subtracted (3 - 5 gives 254 in uint8) and small integers
    overflow when squared, so nothing is computed before this conversion.
    """
    if values.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, got {values.dtype}")
    floats = values.astype(np.float64)
    n_bad = int((~np.isfinite(floats)).sum())
    if n_bad:
        raise ValueError(f"{name} must be finite, got {n_bad} NaN or infinite of {len(floats)}")
    return floats


def _labelled(
    truth: NDArray[Any], guess: NDArray[Any], y_score: ArrayLike | None, classes: ArrayLike | None
) -> Rows:
    truth, guess = _plain("y_true", truth), _plain("y_pred", guess)
    if (truth.dtype.kind in "US") != (guess.dtype.kind in "US"):
        raise ValueError(
            f"y_true and y_pred must hold the same labels, got {truth.dtype} and {guess.dtype}"
        )
    known = [] if classes is None else _plain("classes", np.asarray(classes)).tolist()
    seen = np.unique(np.concatenate([np.unique(truth), np.unique(guess)])).tolist()
    # A label that the model never met takes a place at the front: the positive class stays last.
    labels = [label for label in seen if label not in known] + known
    place = {label: position for position, label in enumerate(labels)}
    score = None if y_score is None else _score(y_score, len(truth), known or labels, len(labels))
    return Rows(_codes(truth, place), _codes(guess, place), score, tuple(labels))


def _plain(name: str, labels: NDArray[Any]) -> NDArray[Any]:
    """Labels as a NumPy array of one type; raises ValueError on a missing label."""
    if labels.dtype.kind == "O":
        if any(label is None for label in labels):
            raise ValueError(f"{name} holds missing labels")
        labels = np.asarray(labels.tolist())
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError(f"{name} must be finite, got NaN or infinite labels")
    return labels


def _codes(labels: NDArray[Any], place: dict[Any, int]) -> Codes:
    unique, inverse = np.unique(labels, return_inverse=True)
    return np.array([place[label] for label in unique.tolist()], dtype=np.intp)[inverse]


def _score(y_score: ArrayLike, n_rows: int, known: Sequence[Any], n_labels: int) -> Floats:
    score = as_floats("y_score", np.asarray(y_score))
    if score.ndim == 1 and len(known) == 2:
        score = np.column_stack([1 - score, score])
    if score.shape != (n_rows, len(known)):
        raise ValueError(
            f"y_score must have one row a prediction and one column a class, "
            f"({n_rows}, {len(known)}), got {score.shape}"
        )
    if score.min() < 0 or score.max() > 1:
        raise ValueError(
            f"y_score must hold probabilities in [0, 1], got {score.min():.4g} to {score.max():.4g}"
        )
    worst = float(np.abs(score.sum(axis=1) - 1).max())
    if worst > SUM_TOLERANCE:
        raise ValueError(
            f"y_score must add up to 1 in each row, got a row that misses by {worst:.4g}"
        )
    return np.pad(score, ((0, 0), (n_labels - len(known), 0)))
