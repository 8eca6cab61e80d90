"""What each column adds to the prediction of a row: Shapley values."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, softmax

from ..model.features import add_features
from ..model.predictor import Predictor

Array = NDArray[Any]
N_BACKGROUND, N_CHECKED, TOLERANCE = 100, 20, 1e-3
MAX_NODES, MAX_CACHED = 300_000, 4
# Rows of the background that stand in for a row's cells, and predictions for a row at most.
N_REPLACED, MAX_PREDICTED = 10, 1_000


@dataclass(frozen=True)
class Explainer:
    """unit: log-odds, probability or target. base: mean output of the background, (n_outputs,).

    values: matrix (n_rows, n_features) -> contributions (n_rows, n_columns, n_outputs). There is
    one output for numbers and for the positive one of two classes, else one per class.
    """

    unit: str
    base: Array
    values: Callable[[Array], Array]
    columns: tuple[str, ...]


_explainers: dict[Predictor, Explainer] = {}


def contributions(
    predictor: Predictor, background: pl.DataFrame, rows: pl.DataFrame
) -> list[dict[str, float]]:
    """One {column: contribution} per row; with the base they add up to the model's output.

    background: typed rows of train to compare with. A column made by add_features has its own
    entry. Of more than two classes the predicted one is explained. The first call for a model
    takes up to a second, later ones milliseconds.
    Source: Lundberg and Lee (2017), A Unified Approach to Interpreting Model Predictions, NeurIPS.
    """
    explainer, X = explainer_of(predictor, background), predictor.matrix(rows)
    values = explainer.values(X)
    codes = predictor.predict_matrix(X).y_pred if values.shape[2] > 1 else np.zeros(len(X))
    chosen = values[np.arange(len(X)), :, codes.astype(int)]
    return [dict(zip(explainer.columns, one, strict=True)) for one in chosen.tolist()]


def explainer_of(predictor: Predictor, background: pl.DataFrame) -> Explainer:
    """The explainer of a model; it and its first background are kept for later calls."""
    if predictor not in _explainers:
        if len(_explainers) >= MAX_CACHED:
            _explainers.clear()
        rows = background.sample(min(N_BACKGROUND, len(background)), seed=0, shuffle=True)
        owners, X = _owners(predictor, rows), predictor.matrix(rows)
        found = _exact(predictor, X, owners) or _permuted(predictor, X[:N_REPLACED], owners)
        _explainers[predictor] = found
    return _explainers[predictor]


def outputs(predictor: Predictor, X: Array) -> Array:
    """Numbers, or the probability of the positive or of each class; shape (n_rows, n_outputs)."""
    predicted = predictor.predict_matrix(X)
    if predicted.y_score is None:
        return predicted.y_pred[:, None]
    return predicted.y_score[:, 1:] if predicted.y_score.shape[1] == 2 else predicted.y_score


def _owners(predictor: Predictor, rows: pl.DataFrame) -> list[str]:
    """The column behind each feature of the matrix, whose names are made from the column's."""
    known = sorted(add_features(rows.select(predictor.columns)).columns, key=len, reverse=True)
    return [
        next(c for c in known if name == c or name.startswith((f"{c} ", f"{c}=")))
        for name in predictor.preprocessor.feature_names_
    ]


def _exact(predictor: Predictor, X: Array, owners: list[str]) -> Explainer | None:
    """By shap, for linear models and trees; None where it cannot read the model, or misreads it.

    shap 0.51 takes categories of scikit-learn's histogram boosting for numbers, without an error.
    """
    import shap

    columns, estimator = tuple(dict.fromkeys(owners)), predictor.estimator
    membership = np.array([[owner == column for column in columns] for owner in owners])
    predicted = outputs(predictor, X[:N_CHECKED])
    n_outputs = predicted.shape[1]

    def values(rows: Array) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # shap's, at each call for LightGBM
            found = np.asarray(explainer.shap_values(rows)).reshape(*rows.shape, -1)
        return np.asarray(np.einsum("rfo,fc->rco", found[:, :, -n_outputs:], membership))

    try:
        if hasattr(estimator, "coef_"):
            explainer = shap.LinearExplainer(estimator, X)
        else:
            explainer = shap.TreeExplainer(estimator)
            if explainer.model.values.size > MAX_NODES:  # takes longer than _permuted
                return None
        total = values(X[:N_CHECKED]).sum(axis=1)
    except Exception:  # whatever a model of an unknown kind makes shap stumble over
        return None
    base = np.atleast_1d(explainer.expected_value)[-n_outputs:]
    unit = _unit(total + base, predicted, is_class=predictor.classes is not None)
    return Explainer(unit, base, values, columns) if unit else None


def _unit(total: Array, predicted: Array, *, is_class: bool) -> str | None:
    """What contributions count, found by comparing their total with what the model predicts."""
    tolerance = TOLERANCE * max(1.0, float(np.abs(predicted).max()))
    if np.allclose(total, predicted, rtol=0, atol=tolerance):
        return "probability" if is_class else "target"
    from_log_odds = expit(total) if total.shape[1] == 1 else softmax(total, axis=1)
    same = np.allclose(from_log_odds, predicted, rtol=0, atol=TOLERANCE)
    return "log-odds" if is_class and same else None


def _permuted(predictor: Predictor, X: Array, owners: list[str]) -> Explainer:
    """For any model, by shap: what changes while cells of X become those of the row, in turn.

    Source: Mitchell and others (2022), Sampling Permutations for Shapley Value Estimation, JMLR 23.
    """
    import shap

    columns = tuple(dict.fromkeys(owners))
    places, none = [columns.index(owner) for owner in owners], np.zeros((1, len(columns)))
    once = 2 * len(columns)  # masks of one order of the columns, forth and back
    n_masks = max(1, MAX_PREDICTED // (once * len(X))) * once + 1

    def of_row(row: Array) -> Array:
        def replaced(masks: Array) -> Array:
            cells = np.where(masks[:, None, places].astype(bool), row, X)
            found = outputs(predictor, cells.reshape(-1, X.shape[1]))
            return np.asarray(found.reshape(len(masks), len(X), -1).mean(axis=1))

        explainer = shap.PermutationExplainer(replaced, none, seed=0)
        found = explainer(none + 1, max_evals=n_masks, silent=True).values
        return np.asarray(found).reshape(len(columns), -1)

    unit = "target" if predictor.classes is None else "probability"
    base = outputs(predictor, X).mean(axis=0)
    return Explainer(unit, base, lambda rows: np.stack([of_row(row) for row in rows]), columns)
