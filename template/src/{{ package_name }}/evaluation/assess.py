"""Judge a model beside its baseline, as one dictionary that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import intervals, metrics
from .calibration import calibration
from .errors import confusion, residuals, worst_errors
from .predictions import Predictions
from .rows import Rows, rows_of
from .settings import Settings
from .slices import slices as slices_of

Array = NDArray[Any]


def assess(
    task: str,
    model: Predictions,
    baseline: Predictions,
    *,
    baseline_name: str,
    metric: str,
    slices: Mapping[str, Array],
    settings: Settings,
) -> dict[str, Any]:
    """Metrics with intervals, the baseline's, the difference, and where the errors lie.

    model, baseline: predictions of the same rows in the same order. metric: the one to steer by.
    slices: column name -> shape (n_rows,). Raises ValueError where rows or metrics cannot be.
    """
    if not np.array_equal(model.row_ids, baseline.row_ids):
        raise ValueError("model and baseline must predict the same rows in the same order")
    chosen = metrics.find(task, metric)
    rows = rows_of(task, model.y_true, model.y_pred, model.y_score, model.classes)
    return {
        "task": task,
        "n_rows": len(rows),
        "metric": metric,
        "higher_is_better": chosen.higher_is_better,
        "level": settings.level,
        "metrics": _bootstrap(task, model, settings),
        "left_out": metrics.left_out(task, rows),
        "baseline": {
            "name": baseline_name,
            "metrics": _bootstrap(task, baseline, settings),
        },
        "beats_baseline": intervals.bootstrap_difference(
            metric,
            task,
            model.y_true,
            model,
            baseline,
            n_resamples=settings.n_resamples,
            level=settings.level,
            seed=settings.seed,
        ),
        "calibration": calibration(task, rows, n_bins=settings.n_bins, level=settings.level),
        "slices": slices_of(chosen, rows, slices, settings),
        "worst_errors": worst_errors(task, rows, model.row_ids, settings.n_worst),
    } | _shape_of_errors(task, rows)


def _bootstrap(task: str, said: Predictions, settings: Settings) -> dict[str, intervals.Interval]:
    return intervals.bootstrap(
        task,
        said.y_true,
        said.y_pred,
        said.y_score,
        classes=said.classes,
        n_resamples=settings.n_resamples,
        level=settings.level,
        seed=settings.seed,
    )


def _shape_of_errors(task: str, rows: Rows) -> dict[str, Any]:
    if task == "regression":
        return {"residuals": residuals(rows)}
    return {"confusion": confusion(rows)}
