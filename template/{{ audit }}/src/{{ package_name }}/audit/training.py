"""Faults in how the model learns: columns without scaling, and a loss beside the metric."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import read_part
from ..model import store
from ..model.estimators import build_estimator
from ..model.predictor import Predictor
from ..utils.predictions import Array
from ..utils.suspects import named, sample
from .findings import Finding
from .records import CONF, Records

MAX_ROWS = 100_000
# Standard deviations of a column that is scaled, in any usual way.
LEAST, MOST = 0.05, 20.0
NEED_SCALE = ("linear_model", "svm", "neighbors", "neural_network")  # of sklearn
ABSOLUTE, SQUARED = ("mae", "median_absolute_error"), ("rmse", "r2")
PROBABILITY = ("log_loss", "brier")


def find_scaling(records: Records) -> Iterator[Finding]:
    """Columns on train whose scale the distance, penalty or activation does not suit."""
    if records.run is None or records.manifest is None:
        return
    model, _ = store.load(records.run.folder)
    library, _, family = type(model.estimator).__module__.partition(".")
    if library != "sklearn" or family.partition(".")[0] not in NEED_SCALE:
        return
    if set(model.columns) - set(records.manifest["features"]):
        return  # of other data, which is a finding of its own
    rows = sample(read_part(records.root, "train"), MAX_ROWS)
    X = model.matrix(rows)
    # Rows of a sparse matrix are shares of texts, which have one scale.
    if isinstance(X, np.ndarray) and (far := _far_columns(model, X)):
        activation = getattr(model.estimator, "activation", None)
        chosen = records.run.record["model"]["name"]
        chosen += f", activation {activation}" if activation else ""
        seen = f"model {chosen}; deviation of {named(far)} on train"
        yield records.finding("scaling.missing", seen, CONF, "model")


def _far_columns(model: Predictor, X: Array) -> list[str]:
    """Columns, with their deviation, that are neither scaled nor of two values nor codes."""
    codes, names = set(model.preprocessor.categorical_), model.preprocessor.feature_names_
    found = []
    for place, name in enumerate(names):
        cells = pl.Series(X[:, place].astype(float)).drop_nans()
        spread = float(cells.std() or 0.0)  # type: ignore[arg-type]
        is_plain = place not in codes and cells.n_unique() > 2
        if is_plain and not LEAST <= spread <= MOST:
            found.append(f"{name} {spread:.3g}")
    return found


def find_loss(records: Records) -> Iterator[Finding]:
    """Losses, weights and transforms of the target that do not suit the metric."""
    for seen in _misfits(load_project(records.root)):
        yield records.finding("loss.metric", seen, CONF, "metric")


def _misfits(config: Config) -> Iterator[str]:
    """In words, how the loss differs from the metric."""
    metric, name, transform = config.metric, config.model, config.train.target_transform
    if config.task == "classification":
        if metric in PROBABILITY and config.train.class_weight is not None:
            yield f"{metric} scores probabilities, which train.class_weight changes"
        return
    loss = _loss(config)
    if metric in ABSOLUTE and "squared" in loss and transform is None:
        yield f"{metric}, and {name} minimises {loss}"
    if metric in SQUARED and "absolute" in loss:
        yield f"{metric}, and {name} minimises {loss}"
    if metric in SQUARED and transform is not None:
        yield f"{metric} is best at the mean, and a target under {transform} leads to the median"


def _loss(config: Config) -> str:
    """The regressor's loss; those that name none, such as ridge, minimise the squared error."""
    chosen = config.models.get(config.model, {})
    estimator = build_estimator(config.model, config.task, chosen, None, config.seed)
    parameters = estimator.get_params() if hasattr(estimator, "get_params") else chosen
    stated = [parameters.get(key) for key in ("loss", "criterion", "objective")]
    return next((str(one) for one in stated if one), "squared_error")
