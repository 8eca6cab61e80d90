"""Train, cut into folds as data.split says: all trials are scored on the same rows."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ..configs.settings import Config
from ..dataloader.folds import folds_of
from ..dataloader.manifest import read_part
from ..evaluation.metrics import METRICS, evaluate_metric
from ..executor.compare import predict_fold
from ..executor.prepare import ensure
from ..utils.engines import Spread
from ..utils.predictions import Array, Predictions

Scored = tuple[Array, Predictions]  # y_true and predictions of the same rows


class CrossValidation:
    """Folds of train; valid and test are not opened."""

    def __init__(self, config: Config, root: Path, n_folds: int, spread: Spread = map) -> None:
        self.config, self.manifest = config, ensure(config, root)
        rows = read_part(root, "train")
        self.folds, self.spread = folds_of(config, rows, n_folds), spread
        # One function for all trials: an engine brings the rows to its processes once.
        self.function = partial(predict_fold, self.manifest, rows)

    def predict(self, config: Config) -> Iterator[Scored]:
        """For each fold its rows, predicted by a model that is fitted on the other rows."""
        return self.spread(self.function, [(config, config.model, fold) for fold in self.folds])


def pool(found: Sequence[Scored]) -> Scored:
    """The rows of several folds as one."""
    scores = [p.y_score for _, p in found if p.y_score is not None]
    y_pred = np.concatenate([p.y_pred for _, p in found])
    y_score = np.concatenate(scores) if scores else None
    return np.concatenate([y for y, _ in found]), Predictions(y_pred, y_score)


def value_of(config: Config, y_true: Array, predicted: Predictions) -> float:
    """The chosen metric; NaN where it is not defined on these rows."""
    return evaluate_metric(METRICS[config.metric], y_true, predicted.y_pred, predicted.y_score)
