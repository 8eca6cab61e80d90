"""Fit the model again without some features, and see what that costs on valid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from ...configs.features import Features
    from ...evaluation.rows import Rows
    from ..problem import Problem
    from .subject import Subject

# Refits kept for leaving out many at once, after each was left out alone.
N_JOINT = 6
TOGETHER = "these {} together"
Interval = dict[str, float]


@dataclass(frozen=True)
class Cost:
    """By how much the model with all features is better; above 0 what was left out helps.

    fine: in the metric of importance, which sees small moves. steering: in the project's own.
    """

    fine: Interval
    steering: Interval

    def within(self, level: float) -> bool:
        """Whether it is no more than a standard error, in either metric."""
        z = 2 * NormalDist().inv_cdf((1 + level) / 2)
        both = (self.fine, self.steering)
        return all(one["value"] <= (one["high"] - one["low"]) / z for one in both)


@dataclass(frozen=True)
class Unit:
    """Features that are left out together. importance: the largest of theirs."""

    name: str
    features: tuple[str, ...]
    importance: float


class Trials:
    """Refits of one run's model; tells each result as it comes."""

    def __init__(self, subject: Subject, tell: Callable[[str, Cost], None]) -> None:
        from ...evaluation.metrics import find
        from ...evaluation.understanding.importance import Weighings
        from .permuting import metric_of, per_row_of

        self.subject, self._tell, self.n_refits = subject, tell, 0
        config = subject.problem.config
        self._whole = _rows(subject.problem, subject.model, subject.valid)
        self._metrics = metric_of(subject.problem, subject.model), find(config.task, config.metric)
        resampled = {"n_resamples": config.evaluation.n_resamples, "seed": config.seed}
        alike = np.ones(len(self._whole))
        self._weights = [
            np.concatenate([found.plain, found.resampled])
            for per_row in (per_row_of(subject.problem, self._whole), alike)
            for found in [Weighings.of(per_row, **resampled)]
        ]

    def cost(self, name: str, left_out: Sequence[str]) -> Cost:
        """Of fitting the model without some features, paired by row, on valid."""
        from ...evaluation.understanding.importance import difference

        subject, config = self.subject, self.subject.problem.config
        fewer = replace(subject.problem, columns=without(subject.problem.columns, left_out))
        model, _ = fewer.fit(config.model, subject.fitted_on)
        self.n_refits += 1
        rows, level = _rows(fewer, model, subject.valid), config.evaluation.level
        found = Cost(
            *(
                difference(metric, self._whole, rows, weights, level)
                for metric, weights in zip(self._metrics, self._weights, strict=True)
            )
        )
        self._tell(name, found)
        return found


def _rows(problem: Problem, model: Any, table: pl.DataFrame) -> Rows:
    from ...evaluation.rows import rows_of

    said = problem.predict(model, table)
    task = problem.config.task
    return rows_of(task, said.y_true, said.y_pred, said.y_score, said.classes)


def without(columns: Any, names: Sequence[str]) -> Any:
    """The same columns, but for some."""
    kinds = ("numbers", "truths", "categories", "dates", "seasons")
    gone = set(names)
    kept = {kind: tuple(n for n in getattr(columns, kind) if n not in gone) for kind in kinds}
    return replace(columns, **kept)


def units(importance: dict[str, float], features: Features) -> list[Unit]:
    """The groups of conf/features.yaml and every other feature, the strongest first.

    More of them than there are refits: the weakest are put together, as many in each.
    """
    grouped = {name for members in features.groups.values() for name in members}
    every = [_unit(name, members, importance) for name, members in features.groups.items()]
    every += [_unit(name, [name], importance) for name in importance if name not in grouped]
    every.sort(key=lambda unit: -unit.importance)
    n_units = max(1, features.max_refits - N_JOINT)
    if len(every) <= n_units:
        return every
    n_alone = n_units // 2
    return every[:n_alone] + _put_together(every[n_alone:], n_units - n_alone, importance)


def _unit(name: str, members: Sequence[str], importance: dict[str, float]) -> Unit:
    return Unit(name, tuple(members), max(importance[member] for member in members))


def _put_together(weak: list[Unit], n_units: int, importance: dict[str, float]) -> list[Unit]:
    found = []
    for place in range(n_units):
        some = weak[place * len(weak) // n_units : (place + 1) * len(weak) // n_units]
        members = [name for unit in some for name in unit.features]
        name = some[0].name if len(some) == 1 else f"{some[0].name} and {len(members) - 1} more"
        found.append(_unit(name, members, importance))
    return found


def droppable(
    trials: Trials, tried: Sequence[tuple[Unit, Cost]], floor: float, n_joint: int = N_JOINT
) -> tuple[list[Unit], Cost | None]:
    """Units that the model does without, all of them at once, and what that costs.

    Suspects do no more than random numbers when shuffled, and cost nothing sure when left out. Two
    features that say the same are both suspects, and one must stay: so suspects are left out
    together, the weakest first, as many as cost no more than a standard error.
    Source: Breiman et al. (1984), Classification and Regression Trees, for the standard error.
    """
    suspects = [unit for unit, cost in tried if cost.fine["low"] <= 0 and unit.importance <= floor]
    if len(suspects) == len(tried):
        suspects = suspects[1:]  # a model needs one feature, so the strongest stays
    level = trials.subject.problem.config.evaluation.level
    alone = {unit.name: cost for unit, cost in tried}
    gone, of_gone, open_ones = list[Unit](), None, suspects[::-1]
    n_more = len(open_ones)
    while open_ones and n_joint:
        trial = gone + open_ones[:n_more]
        cost = alone[trial[0].name] if len(trial) == 1 else _together(trials, trial)
        n_joint -= len(trial) > 1
        if cost.within(level):
            gone, of_gone, open_ones = trial, cost, open_ones[n_more:]
        elif n_more == 1:
            open_ones = open_ones[1:]
        n_more = max(1, min(n_more, len(open_ones)) // 2)
    return gone, of_gone


def _together(trials: Trials, some: Sequence[Unit]) -> Cost:
    names = [name for unit in some for name in unit.features]
    return trials.cost(TOGETHER.format(len(names)), names)
