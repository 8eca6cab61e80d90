"""Score predictions with intervals; a metric that cannot be stops the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..configs.schema import Config
from ..utils.errors import DoesNotHold

if TYPE_CHECKING:
    from ..evaluation.predictions import Predictions

Scores = dict[str, dict[str, float]]


def check_metric(config: Config) -> None:
    """Raise ValueError if the configured metric is none of the task's."""
    from ..evaluation.metrics import find

    try:
        find(config.task, config.metric)
    except ValueError as error:
        raise ValueError(f"conf/default.yaml: {error}") from error


def with_intervals(config: Config, said: Predictions) -> Scores:
    """Every metric of the task with its bootstrap interval."""
    from ..evaluation.intervals import bootstrap

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

    try:
        return compute(config.task, said.y_true, said.y_pred, said.y_score, classes=said.classes)
    except ValueError as error:
        raise DoesNotHold(f"the metrics cannot be: {error}") from error


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
