"""The learning curve: scores of the same model on growing shares of train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import scoring

if TYPE_CHECKING:
    import polars as pl

    from .problem import Problem

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
LEAST_ROWS = 10


def learning_curve(
    problem: Problem, fitted_on: pl.DataFrame, valid: pl.DataFrame, record: dict[str, Any]
) -> dict[str, Any]:
    """n_rows, the metric on the rows fitted and on valid, the verdict and its sentence.

    The last point, of all rows, is the model that is judged: its scores stand in the record.
    """
    from ..evaluation.curves import learning_curve_verdict
    from ..evaluation.metrics import find
    from ..model.baseline import CONSTANT

    metric, order = problem.config.metric, _order(problem, fitted_on)
    sizes = sorted({max(LEAST_ROWS, round(share * len(order))) for share in SHARES})
    points: dict[str, list[Any]] = {"n_rows": [], "train": [], "valid": []}
    for size in sizes[:-1]:
        rows = fitted_on[order[:size]]
        model, _ = problem.fit(problem.config.model, rows)
        points["n_rows"].append(size)
        for name, scored in (("train", rows), ("valid", valid)):
            said = problem.predict(model, scored)
            points[name].append(scoring.plain(problem.config, said)[metric])
    points["n_rows"].append(sizes[-1])
    for name in ("train", "valid"):
        points[name].append(record["metrics"][name][metric]["value"])
    verdict = learning_curve_verdict(
        points["n_rows"],
        points["train"],
        points["valid"],
        higher_is_better=find(problem.config.task, metric).higher_is_better,
        # The scale begins at the guess that looks at nothing: 0 is no skill, 1 is perfect.
        baseline=record["baselines"][CONSTANT[problem.config.task]][metric],
    )
    return points | verdict


def _order(problem: Problem, fitted_on: pl.DataFrame) -> Any:
    """A seeded order of the rows that begins with one row of each class: no share lacks one."""
    order = np.random.default_rng(problem.config.seed).permutation(len(fitted_on))
    if problem.classes is None:
        return order
    labels = fitted_on[problem.contract.target.name].to_numpy().astype(str)[order]
    first = np.unique(labels, return_index=True)[1]
    return np.concatenate([order[first], np.delete(order, first)])
