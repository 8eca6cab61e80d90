"""Score predictions with intervals; a metric that cannot be stops the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..configs.schema import Config
from ..utils.errors import DoesNotHold
from ..utils.logs import say

if TYPE_CHECKING:
    from ..evaluation.predictions import Predictions

Scores = dict[str, dict[str, float]]


def with_intervals(config: Config, said: Predictions) -> Scores:
    """Every metric of the task with its bootstrap interval."""
    from ..evaluation.intervals import bootstrap

    _check_chosen(config, said)
    try:
        return bootstrap(
            config.task,
            said.y_true,
            said.y_pred,
            said.y_score,
            classes=said.classes,
            n_resamples=config.evaluation.n_resamples,
            level=config.evaluation.level,
            seed=config.seed,
        )
    except ValueError as error:
        raise DoesNotHold(f"the metrics cannot be: {error}") from error


def plain(config: Config, said: Predictions) -> dict[str, float]:
    """Every metric of the task, without intervals."""
    from ..evaluation.metrics import compute

    _check_chosen(config, said)
    try:
        return compute(config.task, said.y_true, said.y_pred, said.y_score, classes=said.classes)
    except ValueError as error:
        raise DoesNotHold(f"the metrics cannot be: {error}") from error


def difference(config: Config, one: Predictions, other: Predictions) -> dict[str, float]:
    """By how much one is better than another in the chosen metric, paired by rows."""
    from ..evaluation.intervals import bootstrap_difference

    return bootstrap_difference(
        config.metric,
        config.task,
        one.y_true,
        one,
        other,
        n_resamples=config.evaluation.n_resamples,
        level=config.evaluation.level,
        seed=config.seed,
    )


def left_out(config: Config, said: Predictions) -> dict[str, str]:
    """Metrics that are not defined on these rows, each with the reason."""
    from ..evaluation.metrics import left_out as without
    from ..evaluation.rows import rows_of

    return without(
        config.task, rows_of(config.task, said.y_true, said.y_pred, said.y_score, said.classes)
    )


def tell_left_out(found: dict[str, str], part: str) -> None:
    """Say which metrics a part has not, and why."""
    for name, why in found.items():
        say("", f"{in_words(name)} left out on {part}: {why}")


def _check_chosen(config: Config, said: Predictions) -> None:
    """Raise DoesNotHold if the metric to steer by is not defined on these rows."""
    if why := left_out(config, said).get(config.metric):
        raise DoesNotHold(
            f"{config.metric} is not defined: {why}; steer by another metric, or choose data.split "
            f"so that each part holds every class"
        )


def is_better(config: Config, one: float, other: float) -> bool:
    """Whether one value of the chosen metric is better than another."""
    from ..evaluation.metrics import find

    return one > other if find(config.task, config.metric).higher_is_better else one < other


def in_words(metric: str) -> str:
    """The metric's name as people write it."""
    return metric.replace("_", " ")


def number(value: float) -> str:
    """Three decimals, or fewer where the unit makes the number large."""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


def interval(value: dict[str, float]) -> str:
    """A value with its interval, `0.967 [0.931, 0.990]`."""
    return f"{number(value['value'])} [{number(value['low'])}, {number(value['high'])}]"
