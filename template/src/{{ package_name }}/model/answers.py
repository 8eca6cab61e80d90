"""What a fitted model says about rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def answer(model: Any, X: Any, classes: Sequence[str] | None) -> tuple[Array, Array | None]:
    """Predictions, shape (n_rows,), and of a classifier its probabilities in the order of classes.

    classes: None for regression. Probabilities: shape (n_rows, n_classes); a class that the model
    never saw has probability 0.
    """
    if classes is None:
        return np.asarray(model.predict(X), dtype=np.float64), None
    known = [str(label) for label in model.classes_]
    chances = np.asarray(model.predict_proba(X), dtype=np.float64)
    score = np.zeros((len(chances), len(classes)))
    for place, label in enumerate(known):
        score[:, classes.index(label)] = chances[:, place]
    return np.asarray(known)[chances.argmax(axis=1)], score
