"""The metrics that are reported: add yours to METRICS."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics as sk

from ..utils.predictions import Array

CLASSES, NUMBERS = ("classification",), ("regression",)


@dataclass(frozen=True)
class Metric:
    """A metric: function(y_true, y_pred, y_score) -> float.

    y_true, y_pred: shape (n_rows,); class codes, of two classes 1 is the positive one, or numbers.
    y_score: shape (n_rows, n_classes), probabilities; None for regression. low, high: its range.
    """

    function: Callable[[Array, Array, Any], float]
    tasks: tuple[str, ...]
    greater_is_better: bool = True
    low: float = -math.inf
    high: float = math.inf


def balanced_accuracy(y_true: Array, y_pred: Array, y_score: Array) -> float:
    """Mean recall of the classes in y_true, as scikit-learn's, which takes 30 times as long."""
    n_rows = np.bincount(y_true)
    n_right = np.bincount(y_true[y_true == y_pred], minlength=len(n_rows))
    return float((n_right[n_rows > 0] / n_rows[n_rows > 0]).mean())


def f1(y_true: Array, y_pred: Array, y_score: Array) -> float:
    """F1 of the positive class; of more than two classes, their mean."""
    average = "binary" if y_score.shape[1] == 2 else "macro"
    return float(sk.f1_score(y_true, y_pred, average=average, zero_division=0))


def roc_auc(y_true: Array, y_pred: Array, y_score: Array) -> float:
    """Area under the ROC curve; of more than two classes, the mean of one against the rest."""
    if y_score.shape[1] == 2:
        return float(sk.roc_auc_score(y_true, y_score[:, 1]))
    return float(sk.roc_auc_score(y_true, y_score, multi_class="ovr", labels=_codes(y_score)))


def average_precision(y_true: Array, y_pred: Array, y_score: Array) -> float:
    """Area under the precision-recall curve; of more than two classes, their mean."""
    if y_score.shape[1] == 2:
        return float(sk.average_precision_score(y_true, y_score[:, 1]))
    return float(sk.average_precision_score(y_true[:, None] == _codes(y_score), y_score))


def log_loss(y_true: Array, y_pred: Array, y_score: Array) -> float:
    """Mean negative logarithm of the true class's probability."""
    return float(sk.log_loss(y_true, y_score, labels=_codes(y_score)))


def brier(y_true: Array, y_pred: Array, y_score: Array) -> float:
    """Mean squared error of the probabilities; of two classes, of the positive one's."""
    errors = (y_score - (y_true[:, None] == _codes(y_score))) ** 2
    return float(errors[:, 1].mean() if y_score.shape[1] == 2 else errors.sum(axis=1).mean())


def _codes(y_score: Array) -> Array:
    return np.arange(y_score.shape[1])


def _error(function: Any) -> Metric:
    return Metric(lambda y, p, s: function(y, p), NUMBERS, greater_is_better=False, low=0)


def _share(function: Any) -> Metric:
    return Metric(function, CLASSES, low=0, high=1)


METRICS: dict[str, Metric] = {
    "accuracy": _share(lambda y, p, s: sk.accuracy_score(y, p)),
    "balanced_accuracy": _share(balanced_accuracy),
    "f1": _share(f1),
    "roc_auc": _share(roc_auc),
    "average_precision": _share(average_precision),
    "log_loss": Metric(log_loss, CLASSES, greater_is_better=False, low=0),
    "brier": Metric(brier, CLASSES, greater_is_better=False, low=0, high=2),
    # scikit-learn's two take 50 times as long, most of it to check their arguments.
    "mae": _error(lambda y, p: np.abs(p - y).mean()),
    "rmse": _error(lambda y, p: ((p - y) ** 2).mean() ** 0.5),
    "r2": Metric(lambda y, p, s: sk.r2_score(y, p), NUMBERS, high=1),
    "median_absolute_error": _error(sk.median_absolute_error),
    "max_error": _error(sk.max_error),
    "bias": _error(lambda y, p: abs((p - y).mean())),
}


def metrics_of(task: str) -> dict[str, Metric]:
    """The metrics of a task, by name."""
    return {name: metric for name, metric in METRICS.items() if task in metric.tasks}


def check_floor(name: str, floor: float | None) -> None:
    """Raise ValueError for an evaluation.floor that the metric cannot have, if its name is known.

    The known metrics have a range; a floor outside of it always holds, or never does.
    """
    metric = METRICS.get(name)
    if metric and floor is not None and not metric.low <= floor <= metric.high:
        bounds = f"from {metric.low:g} to {metric.high:g} for metric: {name}"
        raise ValueError(f"conf/default.yaml: evaluation.floor must be {bounds}, got {floor:g}")


def evaluate_metric(metric: Metric, y_true: Array, y_pred: Array, y_score: Any) -> float:
    """The metric's value; NaN where it is not defined on these rows, which are of one class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(metric.function(y_true, y_pred, y_score))
        except ValueError:
            if len(np.unique(y_true)) > 1:
                raise
            return float("nan")


def score(task: str, y_true: Array, y_pred: Array, y_score: Any) -> dict[str, float | None]:
    """Every metric of the task; None where it is not defined on these rows."""
    values = {n: evaluate_metric(m, y_true, y_pred, y_score) for n, m in metrics_of(task).items()}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
