"""Faults in how the model learns: leaks that `prepare` found, scaling, and the loss."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from ..configs.settings import Config
from ..dataloader.manifest import read_part
from ..model import store
from ..model.estimators import build_estimator
from ..model.predictor import Predictor
from ..utils.predictions import Array
from ..utils.suspects import named, sample
from .findings import Finding
from .records import CONF, MANIFEST, Records

MAX_ROWS = 100_000
# Standard deviations of a column that is scaled, in any usual way.
LEAST, MOST = 0.05, 20.0
NEED_SCALE = ("linear_model", "svm", "neighbors", "neural_network")
TREES = ("ensemble", "tree", "lightgbm", "xgboost")
FLAT = ("tanh", "logistic", "sigmoid")
COMMON = 0.8  # share of rows of one class; accuracy of a model that names no other
ABSOLUTE, SQUARED = ("mae", "median_absolute_error"), ("rmse", "r2")
PROBABILITY = ("log_loss", "brier")


def find_suspects(records: Records) -> Iterator[Finding]:
    """Leaks among the suspicions of `prepare` and of the newest run."""
    manifest, run = records.manifest, records.run
    sources: list[tuple[str, list[dict[str, Any]]]] = []
    if manifest is not None:
        sources.append((MANIFEST, manifest["suspects"]))
    if run is not None:
        sources.append((f"logs/{run.folder.name}/run.json", run.record.get("suspects", [])))
    known = set()
    for file, suspects in sources:
        for number, one in enumerate(suspects):
            key = (one["fault"], *one["columns"])
            if one["severity"] == "leak" and key not in known:
                known.add(key)
                seen = f"{one['fault']}, {named(one['columns'])}: {one['evidence']}"
                yield records.finding("leakage.suspect", seen, file, "suspects", number)


def find_scaling(records: Records) -> Iterator[Finding]:
    """Columns of the model's matrix whose scale does not suit the estimator."""
    if records.run is None or records.manifest is None:
        return
    model, _ = store.load(records.run.folder)
    if set(model.columns) - set(records.manifest["features"]):
        return  # of other data, which is a finding of its own
    rows = sample(read_part(records.root, "train"), MAX_ROWS)
    far, family = _far_columns(model, model.matrix(rows)), type(model.estimator).__module__
    chosen = f"model {records.run.record['model']['name']}"
    if family.startswith("sklearn.") and family.split(".")[1] in NEED_SCALE and far:
        seen = f"{chosen}; deviation of {named(far)} on train"
        yield records.finding("scaling.missing", seen, CONF, "model")
        activation = getattr(model.estimator, "activation", None)
        if activation in FLAT:
            seen = f"{chosen}, activation {activation}; {named(far)}"
            yield records.finding("scaling.saturated", seen, CONF, "model")
    elif set(family.split(".")) & {*TREES} and not far:
        yield records.finding("scaling.needless", f"{chosen} on scaled columns", CONF, "model")


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
    config = records.config
    for seen in _misfits(config):
        yield records.finding("loss.metric", seen, CONF, "metric")
    if records.manifest is None:
        return
    parts = [read_part(records.root, part)[config.data.target] for part in ("train", "valid")]
    y = pl.concat(parts)
    if config.task == "classification" and config.metric == "accuracy":
        counts = y.value_counts(sort=True)
        share = counts["count"][0] / len(y)
        if share >= COMMON:
            seen = f"accuracy, and {share:.0%} of the rows are {counts[config.data.target][0]}"
            yield records.finding("loss.imbalance", seen, CONF, "metric")
    transform = config.train.target_transform
    if transform is not None and (n_low := int((y.cast(pl.Float64) <= 0).sum())):
        seen = f"{transform}, and {n_low} of {len(y)} targets are zero or below"
        yield records.finding("loss.log-target", seen, CONF, "train", "target_transform")


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
