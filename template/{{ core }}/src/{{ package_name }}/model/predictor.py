"""A fitted model: features, preprocessing and estimator as one object."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..configs.settings import Config
from ..utils.predictions import Predictions
from .baseline import BASELINES
from .estimators import ESTIMATORS, build_estimator
from .features import add_features
from .preprocess import Matrix, Preprocessor

Array = NDArray[Any]


@dataclass(frozen=True)
class Predictor:
    """columns: the raw columns it needs. classes: of two, the positive one is last; or None."""

    columns: tuple[str, ...]
    classes: tuple[str, ...] | None
    preprocessor: Preprocessor
    estimator: Any

    def matrix(self, table: pl.DataFrame) -> Matrix:
        """The estimator's input for typed rows; shape (n_rows, n_features), float32."""
        return self.preprocessor.transform(add_features(table[list(self.columns)]))

    def predict(self, table: pl.DataFrame) -> Predictions:
        """Predictions for typed rows, in order."""
        return self.predict_matrix(self.matrix(table))

    def predict_matrix(self, X: Matrix) -> Predictions:
        """Predictions for rows of `matrix`; a class that train lacked has probability 0."""
        if self.classes is None:
            y_pred = self.estimator.predict(X) if len(X) else ()  # scikit-learn refuses no rows
            return Predictions(np.asarray(y_pred, dtype=np.float64), None)
        score = np.zeros((len(X), len(self.classes)))
        if len(X):
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
) -> tuple[Predictor, list[str]]:
    """A model fitted on these rows, and the warnings of its fit.

    name: in ESTIMATORS, or a baseline's. features: the raw columns. rows: typed, with the target.
    """
    split, weight, native = config.data.split, config.train.class_weight, False
    if name in BASELINES[config.task]:
        estimator = BASELINES[config.task][name](config.task, weight, config.seed)
    else:
        parameters, native = config.models.get(name, {}), ESTIMATORS[name].native
        estimator = build_estimator(name, config.task, parameters, weight, config.seed)
    trendless = [split.column] if split.by == "time" and split.column else []
    table = add_features(rows.select(features))
    preprocessor = Preprocessor(native, trendless).fit(table)
    X, y = preprocessor.transform(table), encode_target(rows[config.data.target], classes)
    if preprocessor.categorical_:
        estimator.set_params(categorical_features=preprocessor.categorical_)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(X, y)
    messages = [str(one.message).partition("\n")[0] for one in caught]
    labels = tuple(classes) if classes is not None else None
    model = Predictor(tuple(features), labels, preprocessor, estimator)
    return model, list(dict.fromkeys(messages))
