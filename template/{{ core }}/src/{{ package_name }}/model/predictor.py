"""A fitted model: features, preprocessing and estimator as one object."""

import inspect
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..configs.settings import Config
from ..utils.names import check_name
from ..utils.predictions import Predictions
from .baseline import BASELINES, OF_TIME, SEASONAL, Moments, PastValue, season_of
from .estimators import ESTIMATORS, build_estimator
from .features import add_features
from .preprocess import Matrix, Preprocessor
from .target import TargetTransform, learn_transform

Array = NDArray[Any]


@dataclass(frozen=True)
class Predictor:
    """columns: the raw columns it needs. classes: of two, the positive one is last; or None.

    target: turns what the estimator predicts into the target's unit; None: it is in that unit.
    """

    columns: tuple[str, ...]
    classes: tuple[str, ...] | None
    preprocessor: Preprocessor
    estimator: Any
    target: TargetTransform | None = None

    def matrix(self, table: pl.DataFrame) -> Matrix:
        """The estimator's input for typed rows; shape (n_rows, n_features), float32."""
        return self.preprocessor.transform(add_features(table[list(self.columns)]))

    def predict(self, table: pl.DataFrame) -> Predictions:
        """Predictions for typed rows, in order."""
        return self.predict_matrix(self.matrix(table))

    def predict_matrix(self, X: Matrix) -> Predictions:
        """Predictions for rows of `matrix`; a class that train lacked has probability 0."""
        if self.classes is None:
            found = self.estimator.predict(X) if X.shape[0] else ()  # scikit-learn refuses no rows
            y_pred = np.asarray(found, dtype=np.float64)
            y_pred = self.target.back(y_pred) if self.target else y_pred
            beside = getattr(self.preprocessor, "beside", None)  # of forecasts
            return Predictions(y_pred, None, **(beside(X) if beside else {}))
        score = np.zeros((X.shape[0], len(self.classes)))
        if X.shape[0]:
            score[:, self.estimator.classes_.astype(int)] = self.estimator.predict_proba(X)
        return Predictions(score.argmax(axis=1), score)


def encode_target(target: pl.Series, classes: Sequence[str] | None) -> Array:
    """Codes of classes, or numbers; shape (n_rows,)."""
    if classes is None:
        return target.cast(pl.Float64).to_numpy()
    codes = {label: code for code, label in enumerate(classes)}
    return target.cast(pl.String).replace_strict(codes, return_dtype=pl.Int64).to_numpy()


def fit(
    config: Config,
    name: str,
    rows: pl.DataFrame,
    features: Sequence[str],
    classes: Sequence[str] | None,
    valid: pl.DataFrame | None = None,
    folder: Path | None = None,
) -> tuple[Predictor, list[str]]:
    """A model fitted on these rows, and the warnings of its fit.

    name: in ESTIMATORS, or a baseline's. features: the raw columns. rows: typed, with the target.
    valid: rows that tell an estimator whose `fit` takes `valid` when to stop; none are learnt.
    folder: of the run; where one whose `fit` takes `folder` keeps its state, and continues from.
    """
    split, target = config.data.split, None
    time = [split.column] if name in OF_TIME and split.column else []
    columns = tuple(dict.fromkeys([*features, *time]))
    table = add_features(rows.select(columns))
    preprocessor, estimator = _unfitted(config, name, rows, classes)
    X = preprocessor.fit(table).transform(table)
    y = encode_target(rows[config.data.target], classes)
    if config.train.target_transform is not None and name in ESTIMATORS:
        target = learn_transform(config.train.target_transform, y)
        y = target.forward(y)
    if preprocessor.categorical_:
        estimator.set_params(categorical_features=preprocessor.categorical_)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        options = _weights(config, name, estimator, rows)
        taken = inspect.signature(estimator.fit).parameters
        if folder is not None:  # the fit of a run
            of_run = {"folder": folder, "engine": config.engine}
            options |= {key: value for key, value in of_run.items() if key in taken}
        if valid is not None and "valid" in taken:
            y_valid = encode_target(valid[config.data.target], classes)
            y_valid = target.forward(np.maximum(y_valid, target.low)) if target else y_valid
            seen = preprocessor.transform(add_features(valid.select(columns)))
            options["valid"] = (seen, y_valid)
        estimator.fit(X, y, **options)
    messages = [str(one.message).partition("\n")[0] for one in caught]
    labels = tuple(classes) if classes is not None else None
    model = Predictor(columns, labels, preprocessor, estimator, target)
    if valid is not None and hasattr(preprocessor, "calibrate"):
        y_valid = encode_target(valid[config.data.target], classes)
        preprocessor.calibrate(valid, y_valid, model.predict(valid))
    return model, list(dict.fromkeys(messages))


def _unfitted(
    config: Config, name: str, rows: pl.DataFrame, classes: Sequence[str] | None
) -> tuple[Preprocessor, Any]:
    split, weight = config.data.split, _class_weight(config, classes)
    if name in OF_TIME and split.column:
        season = season_of(config, rows[split.column]) if name == SEASONAL else None
        return Moments(split.column), PastValue(config.task, season)
    native = False
    if name in BASELINES[config.task]:
        estimator = BASELINES[config.task][name](config.task, weight, config.seed)
    else:
        parameters, native = config.models.get(name, {}), ESTIMATORS[name].native
        estimator = build_estimator(name, config.task, parameters, weight, config.seed)
    trendless = [split.column] if split.by == "time" and split.column else []
    return Preprocessor(native, trendless, **config.data.preprocessing()), estimator


def _class_weight(config: Config, classes: Sequence[str] | None) -> Any:
    """train.class_weight with the codes of classes instead of their names."""
    weight = config.train.class_weight
    if not isinstance(weight, dict) or classes is None:
        return weight
    for label in weight:
        check_name(label, classes, "conf/default.yaml: train.class_weight")
    return {code: weight.get(label, 1.0) for code, label in enumerate(classes)}


def _weights(config: Config, name: str, estimator: Any, rows: pl.DataFrame) -> dict[str, Any]:
    """Keywords of `fit`: the column data.weight."""
    if config.data.weight is None or name in OF_TIME:
        return {}
    if "sample_weight" not in inspect.signature(estimator.fit).parameters:
        raise ValueError(f"conf/default.yaml: data.weight: {name} has no weights of rows; null")
    return {"sample_weight": rows[config.data.weight].cast(pl.Float64).to_numpy()}
