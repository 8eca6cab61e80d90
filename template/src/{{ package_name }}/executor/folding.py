"""What a model says about rows of train that it was not fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from . import scoring

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.folds import Fold
    from ..evaluation.predictions import Predictions
    from .problem import Problem


def folds_of(problem: Problem, table: pl.DataFrame, n_folds: int) -> list[Fold]:
    """Folds of the rows to fit; raises ValueError where there are too few, or of one class."""
    from ..dataloader import folds

    config = problem.config
    by_class = problem.classes is not None
    found = folds.folds_of(table, config.data, n_folds, seed=config.seed, by_class=by_class)
    if by_class:
        labels = table[config.data.target]
        for place, fold in enumerate(found, start=1):
            if labels[fold.fitted_on].n_unique() < 2:
                raise ValueError(
                    f"fold {place} of {n_folds}: the rows to fit are of one class; choose fewer "
                    f"folds, or another data.split"
                )
    return found


def told_by_fold(
    problem: Problem, name: str, table: pl.DataFrame, folds: Sequence[Fold]
) -> Iterator[Predictions]:
    """Of each fold what a model of that name says, fitted on the fold's other rows."""
    for fold in folds:
        model, _ = problem.fit(name, table[fold.fitted_on])
        yield problem.predict(model, table[fold.scored])


def joined(told: Sequence[Predictions]) -> Predictions:
    """All folds as one: each row once, said by a model that had not seen it."""
    import numpy as np

    from ..evaluation.predictions import Predictions

    first = told[0]
    return Predictions(
        y_true=np.concatenate([one.y_true for one in told]),
        y_pred=np.concatenate([one.y_pred for one in told]),
        y_score=None
        if first.y_score is None
        else np.concatenate([one.y_score for one in told if one.y_score is not None]),
        classes=first.classes,
        row_ids=np.concatenate([one.row_ids for one in told]),
    )


def by_fold(problem: Problem, told: Sequence[Predictions]) -> list[float | None]:
    """The metric to steer by in each fold; None where a fold has rows of one class only."""
    metric = problem.config.metric
    return [
        None
        if metric in scoring.left_out(problem.config, one)
        else scoring.plain(problem.config, one)[metric]
        for one in told
    ]


def pooled(problem: Problem, told: Sequence[Predictions]) -> float:
    """The metric to steer by over the rows of these folds together."""
    return scoring.plain(problem.config, joined(told))[problem.config.metric]
