"""What a model predicts for rows."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Predictions:
    """What a model predicts for rows, in their order.

    y_pred: shape (n_rows,); class codes, or numbers. y_score: probabilities, shape (n_rows,
    n_classes); None for regression. A code is the position in the model's `classes`.
    """

    y_pred: Array
    y_score: Array | None

    def take(self, rows: Array) -> "Predictions":
        """The predictions of these positions."""
        score = None if self.y_score is None else self.y_score[rows]
        return Predictions(self.y_pred[rows], score)
