"""Is what a search found better than what is in force, although it is the best of many?"""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..utils.seeds import repeatable
from . import folding, scoring

if TYPE_CHECKING:
    from ..evaluation.predictions import Predictions
    from .trials import Hunt

Interval = dict[str, float]


def gain(hunt: Hunt, best: Config, other: Config, n_trials: int) -> dict[str, Any]:
    """By how much `best` is better than `other`, paired by rows; value, low and high.

    On the rows that trials are scored on. The best of many is partly the luckiest there, so the
    interval is widened as if each of n_trials had been compared (Dunn 1961, Multiple Comparisons
    Among Means, JASA 56). `fresh`: the same on valid where trials were scored on folds of train,
    and so no trial saw it.
    """
    config = hunt.problem.config
    found = scoring.difference(config, _scored(hunt, best), _scored(hunt, other))
    fresh = None
    if hunt.folds:
        fresh = scoring.difference(config, _of_valid(hunt, best), _of_valid(hunt, other))
    return {
        "on": hunt.scored_on,
        **widened(found, config.evaluation.level, n_trials),
        "fresh": fresh,
    }


def widened(found: Interval, level: float, n_compared: int) -> Interval:
    """The interval that holds for the best of n_compared. The normal tail gives the factor."""
    normal, tail = NormalDist(), (1 - level) / 2
    factor = normal.inv_cdf(1 - tail / max(n_compared, 1)) / normal.inv_cdf(1 - tail)
    value = found["value"]
    return {
        "value": value,
        "low": value - (value - found["low"]) * factor,
        "high": value + (found["high"] - value) * factor,
    }


def is_better(found: dict[str, Any]) -> bool:
    """Better beyond chance on the rows that chose it, and no worse on those that did not."""
    return bool(found["low"] > 0 and (found["fresh"] is None or found["fresh"]["value"] >= 0))


def is_same(one: Config, other: Config) -> bool:
    """Whether two configurations lead to the same model."""
    return _matters(one) == _matters(other)


def _matters(config: Config) -> dict[str, Any]:
    content = config.model_dump()
    return content | {"models": content["models"][config.model]}


def _scored(hunt: Hunt, config: Config) -> Predictions:
    if not hunt.folds:
        return _of_valid(hunt, config)
    problem = replace(hunt.problem, config=config)
    with repeatable(config.seed):
        told = folding.told_by_fold(problem, config.model, hunt.fitted_on, hunt.folds)
        return folding.joined(list(told))


def _of_valid(hunt: Hunt, config: Config) -> Predictions:
    problem = replace(hunt.problem, config=config)
    with repeatable(config.seed):
        model, _ = problem.fit(config.model, hunt.fitted_on)
        return problem.predict(model, hunt.valid)
