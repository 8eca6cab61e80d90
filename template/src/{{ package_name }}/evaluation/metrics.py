"""Which metrics there are, and one metric's value on given predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from . import classification, regression
from .rows import Floats, Rows, rows_of

Needs = Literal["labels", "scores", "values"]
# Sums of many floats miss their bound by rounding; a metric that misses by more is wrong.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Metric:
    """One metric: what it reads, the range it must lie in, and which end is good.

    ranks: it compares rows of one class with rows of another, so it needs two classes.
    """

    name: str
    needs: Needs
    low: float
    high: float
    higher_is_better: bool
    function: Callable[[Rows, Floats], Floats]
    ranks: bool = False


def _by_name(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: dict[str, dict[str, Metric]] = {
    "classification": _by_name(
        Metric("accuracy", "labels", 0, 1, True, classification.accuracy),
        Metric("balanced_accuracy", "labels", 0, 1, True, classification.balanced_accuracy),
        Metric("f1", "labels", 0, 1, True, classification.f1),
        Metric("roc_auc", "scores", 0, 1, True, classification.roc_auc, True),
        Metric("average_precision", "scores", 0, 1, True, classification.average_precision, True),
        Metric("log_loss", "scores", 0, inf, False, classification.log_loss),
        Metric("brier", "scores", 0, 1, False, classification.brier),
    ),
    "regression": _by_name(
        Metric("mae", "values", 0, inf, False, regression.mae),
        Metric("rmse", "values", 0, inf, False, regression.rmse),
        Metric("r2", "values", -inf, 1, True, regression.r2),
        Metric("median_absolute_error", "values", 0, inf, False, regression.median_absolute_error),
        Metric("max_error", "values", 0, inf, False, regression.max_error),
        Metric("bias", "values", -inf, inf, False, regression.bias),
    ),
}


def find(task: str, name: str) -> Metric:
    """The metric of that name; raises ValueError that lists the names there are."""
    if task not in METRICS:
        raise ValueError(f"task must be one of {', '.join(METRICS)}, got '{task}'")
    if name not in METRICS[task]:
        raise ValueError(f"metric '{name}' is none of {', '.join(METRICS[task])} ({task})")
    return METRICS[task][name]


def compute(
    task: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    y_score: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    classes: ArrayLike | None = None,
) -> dict[str, float]:
    """The metrics by name.

    y_true, y_pred: shape (n_rows,). y_score: shape (n_rows, n_classes), columns as `classes`;
    of two classes the last one is positive. names: default all that the inputs allow.

    Raises ValueError where a metric is NaN, infinite or outside its range, and on unusable inputs.
    """
    rows = rows_of(task, y_true, y_pred, y_score, classes)
    return {metric.name: value_of(metric, rows) for metric in chosen(task, names, rows)}


def chosen(task: str, names: Sequence[str] | None, rows: Rows) -> list[Metric]:
    """The metrics asked for; by default each that these rows allow."""
    if names is not None:
        metrics = [find(task, name) for name in names]
        lacking = [m.name for m in metrics if m.needs == "scores" and rows.score is None]
        if lacking:
            raise ValueError(f"{', '.join(lacking)} needs y_score, and the model gave none")
        return metrics
    allowed = [m for m in METRICS[task].values() if m.needs != "scores" or rows.score is not None]
    without = left_out(task, rows)
    return [metric for metric in allowed if metric.name not in without]


def left_out(task: str, rows: Rows) -> dict[str, str]:
    """Metrics that are not defined on these rows, each with the reason."""
    if task == "regression" or len(np.unique(rows.truth)) > 1:
        return {}
    why = f"every row is of class '{rows.classes[rows.truth[0]]}'"
    return {metric.name: why for metric in METRICS[task].values() if metric.ranks}


def value_of(metric: Metric, rows: Rows) -> float:
    """One metric on all rows; raises ValueError where it cannot be."""
    value = float(metric.function(rows, np.ones((1, len(rows))))[0])
    if not np.isfinite(value):
        seen = f"{len(np.unique(rows.truth))} distinct values of y_true in {len(rows)} rows"
        raise ValueError(f"{metric.name} is not defined here: got {value}, with {seen}")
    if not metric.low - ROUNDING <= value <= metric.high + ROUNDING:
        raise ValueError(
            f"{metric.name} must be in [{metric.low:g}, {metric.high:g}], got {value}: "
            f"the metric or its inputs are wrong"
        )
    return min(max(value, float(metric.low)), float(metric.high))
