"""Permutation importance on rows that the model was not fitted on, with a floor made of noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from ...evaluation.metrics import Metric
    from ...evaluation.rows import Floats, Rows
    from ...evaluation.understanding.importance import Drop
    from ..problem import Problem

N_SHUFFLES = 10
# Rows looked at, and rows predicted in all: a wide table gets fewer shuffles, but never below four.
MAX_ROWS = 2_000
MAX_PREDICTED = 2_000_000
LEAST_SHUFFLES = 4
N_RESAMPLES = 200
NOISE = ("(random number 1)", "(random number 2)", "(random number 3)")


@dataclass(frozen=True)
class Importance:
    """Each feature's, and of columns of random numbers; metric: what it is measured in."""

    metric: str
    n_rows: int
    n_shuffles: int
    drops: dict[str, Drop]
    noise: dict[str, Drop]

    @property
    def floor(self) -> float:
        """What the luckiest of the random columns may reach: more than this is no chance."""
        return max(0.0, *(one.high for one in self.noise.values()))


def importance(
    problem: Problem, model: Any, fitted_on: pl.DataFrame, valid: pl.DataFrame
) -> Importance:
    """Of every feature of a fitted model, and of random columns in a model that was given some."""
    rows = _some(valid, problem.config.seed)
    metric = metric_of(problem, model)
    n_features = len(problem.columns.names)
    wanted = MAX_PREDICTED // (len(rows) * max(1, n_features))
    n_shuffles = min(N_SHUFFLES, max(LEAST_SHUFFLES, wanted))
    drops = _drops(problem, model, rows, metric, problem.columns.names, n_shuffles)
    noisy = replace(
        problem,
        columns=replace(problem.columns, numbers=(*problem.columns.numbers, *NOISE)),
    )
    also, _ = noisy.fit(problem.config.model, _with_noise(fitted_on, problem.config.seed))
    unseen = _with_noise(rows, problem.config.seed + 1)
    noise = _drops(noisy, also, unseen, metric, NOISE, n_shuffles)
    return Importance(metric.name, len(rows), n_shuffles, drops, noise)


def metric_of(problem: Problem, model: Any) -> Metric:
    """What importance is measured in.

    Of classes the Brier score: it sees every move of a probability, where a share of right labels
    sees only those across a threshold. Of numbers the metric to steer by, or the mean absolute
    error where that one looks at a single row or lets errors cancel.
    """
    from ...evaluation.metrics import find

    config = problem.config
    if config.task == "classification":
        return find(config.task, "brier" if hasattr(model, "predict_proba") else config.metric)
    return find(config.task, "mae" if config.metric in ("max_error", "bias") else config.metric)


def _some(valid: pl.DataFrame, seed: int) -> pl.DataFrame:
    if len(valid) <= MAX_ROWS:
        return valid
    chosen = np.random.default_rng(seed).choice(len(valid), MAX_ROWS, replace=False)
    return valid[np.sort(chosen)]


def _with_noise(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    import polars as pl

    random = np.random.default_rng([seed, len(table)])
    return table.with_columns(pl.Series(name, random.normal(size=len(table))) for name in NOISE)


def _drops(
    problem: Problem,
    model: Any,
    table: pl.DataFrame,
    metric: Metric,
    names: Sequence[str],
    n_shuffles: int,
) -> dict[str, Drop]:
    from ...evaluation.understanding.importance import Weighings, drop

    config = problem.config
    said = _Said(problem, model, table)
    weighings = Weighings.of(
        per_row_of(problem, said.plain), n_resamples=N_RESAMPLES, seed=config.seed
    )
    random = np.random.default_rng(config.seed)
    orders = [random.permutation(len(table)) for _ in range(n_shuffles)]
    level = config.evaluation.level
    return {
        name: drop(metric, said.plain, said.shuffled(name, orders), weighings, level)
        for name in names
    }


def per_row_of(problem: Problem, rows: Rows) -> Floats:
    """How much each row counts: as in training, where a rare class may count as a common one."""
    if problem.classes is None or problem.config.train.class_weight is None:
        return np.ones(len(rows))
    counts = np.bincount(rows.truth, minlength=len(rows.classes))
    return np.asarray(1.0 / counts[rows.truth], dtype=np.float64)


class _Said:
    """What a model says about rows, and about the same rows with one feature shuffled."""

    def __init__(self, problem: Problem, model: Any, table: pl.DataFrame) -> None:
        self._problem, self._model = problem, model
        self._X = problem.X(table)
        self._truth = table[problem.contract.target.name].to_numpy()
        self.plain = self._rows(self._X)[0]

    def shuffled(self, name: str, orders: Sequence[Any]) -> list[Rows]:
        """One answer per order, all asked for at once."""
        import polars as pl

        X = pl.concat([self._X] * len(orders)).with_columns(
            pl.concat([self._X[name][order] for order in orders]).alias(name)
        )
        return self._rows(X)

    def _rows(self, X: pl.DataFrame) -> list[Rows]:
        from ...evaluation.rows import rows_of
        from ...model.answers import answer

        task, classes = self._problem.config.task, self._problem.classes
        truth = self._truth if classes is None else self._truth.astype(str)
        y_pred, y_score = answer(self._model, X, classes)
        n_rows = len(truth)
        return [
            rows_of(
                task,
                truth,
                y_pred[start : start + n_rows],
                None if y_score is None else y_score[start : start + n_rows],
                None if classes is None else np.asarray(classes),
            )
            for start in range(0, len(X), n_rows)
        ]
