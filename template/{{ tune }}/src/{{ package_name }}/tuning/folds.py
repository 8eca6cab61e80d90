"""Train, cut into folds as data.split says: all trials are scored on the same rows."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from ..configs.settings import Config
from ..dataloader.folds import folds_of
from ..dataloader.manifest import read_part
from ..evaluation.metrics import METRICS, evaluate_metric
from ..executor.compare import predict_fold
from ..executor.prepare import ensure
from ..utils.engines import Spread
from ..utils.predictions import Array, Predictions

Scored = tuple[Array, Predictions]  # y_true and predictions of the same rows


def with_parameters(config: Config, parameters: dict[str, Any]) -> Config:
    """The configuration with these parameters of its model; `sizes.width` is a key in `sizes`."""
    own = OmegaConf.create(config.models.get(config.model, {}))
    for name, value in parameters.items():
        OmegaConf.update(own, name, value)
    models = {**config.models, config.model: OmegaConf.to_container(own)}
    return config.model_copy(update={"models": models})


class CrossValidation:
    """Folds of train; valid and test are not opened.

    short: model -> parameters of its fits here.
    """

    def __init__(
        self,
        config: Config,
        root: Path,
        n_folds: int,
        short: dict[str, dict[str, Any]],
        spread: Spread = map,
    ) -> None:
        self.config, self.manifest, self.short = config, ensure(config, root), short
        rows = read_part(root, "train")
        self.folds, self.spread = folds_of(config, rows, n_folds), spread
        # One function for all trials: an engine brings the rows to its processes once.
        self.function = partial(predict_fold, self.manifest, rows)

    def predict(self, config: Config) -> Iterator[Scored]:
        """For each fold its rows, predicted by a model that is fitted on the other rows."""
        config = with_parameters(config, self.short.get(config.model, {}))
        return self.spread(self.function, [(config, config.model, fold) for fold in self.folds])


def pool(found: Sequence[Scored]) -> Scored:
    """The rows of several folds as one."""
    y_true, folds = zip(*found, strict=True)
    columns = zip(*(vars(one).values() for one in folds), strict=True)
    whole: Any = [None if one[0] is None else np.concatenate(one) for one in columns]
    return np.concatenate(y_true), Predictions(*whole)


def value_of(config: Config, y_true: Array, predicted: Predictions) -> float:
    """The chosen metric; NaN where it is not defined on these rows."""
    return evaluate_metric(METRICS[config.metric], y_true, predicted)
