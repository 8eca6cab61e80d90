"""Train, cut into folds as data.split says: all trials are scored on the same rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..configs.settings import Config
from ..dataloader.folds import folds_of
from ..dataloader.manifest import read_part
from ..evaluation.metrics import METRICS, evaluate_metric
from ..executor.compare import predict_folds
from ..executor.prepare import ensure
from ..utils.predictions import Array, Predictions

Scored = tuple[Array, Predictions]  # y_true and predictions of the same rows


class CrossValidation:
    """Folds of train; valid and test are not opened."""

    def __init__(self, config: Config, root: Path, n_folds: int) -> None:
        self.config, self.manifest = config, ensure(config, root)
        self.rows = read_part(root, "train")
        self.folds = folds_of(config, self.rows, n_folds)

    def predict(self, config: Config) -> Iterator[Scored]:
        """For each fold its rows, predicted by a model that is fitted on the other rows."""
        return predict_folds(config, config.model, self.manifest, self.rows, self.folds)


def pool(found: Sequence[Scored]) -> Scored:
    """The rows of several folds as one."""
    y_true, folds = zip(*found, strict=True)
    columns = zip(*(vars(one).values() for one in folds), strict=True)
    whole: Any = [None if one[0] is None else np.concatenate(one) for one in columns]
    return np.concatenate(y_true), Predictions(*whole)


def value_of(config: Config, y_true: Array, predicted: Predictions) -> float:
    """The chosen metric; NaN where it is not defined on these rows."""
    return evaluate_metric(METRICS[config.metric], y_true, predicted)
