"""What a model said about some rows, beside what was true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Predictions:
    """Predictions for n_rows rows, as plain arrays: evaluation never sees the model.

    y_true, y_pred: shape (n_rows,); labels for classification, numbers for regression.
    y_score: shape (n_rows, n_classes), probabilities in the order of `classes`; None without.
    classes: the labels known to the model; the last one is the positive class of two.
    row_ids: shape (n_rows,), names a row for a reader and for the leakage tests.
    """

    y_true: Array
    y_pred: Array
    y_score: Array | None
    classes: Array | None
    row_ids: Array

    def take(self, keep: Array) -> Predictions:
        """The same predictions for some rows only; keep: a mask or an index of rows."""
        score = None if self.y_score is None else np.asarray(self.y_score)[keep]
        return Predictions(
            y_true=np.asarray(self.y_true)[keep],
            y_pred=np.asarray(self.y_pred)[keep],
            y_score=score,
            classes=self.classes,
            row_ids=np.asarray(self.row_ids)[keep],
        )
