"""The results to beat: a constant, and a rule about one feature."""

from collections.abc import Callable
from typing import Any

ONE_RULE = "one rule"


def _majority(class_weight: str | None, seed: int) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _mean(class_weight: str | None, seed: int) -> Any:
    from sklearn.dummy import DummyRegressor

    return DummyRegressor()


def _class_rule(class_weight: str | None, seed: int) -> Any:
    """One threshold on the best single feature. Source: Holte (1993), Machine Learning 11."""
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=1, class_weight=class_weight, random_state=seed)


def _number_rule(class_weight: str | None, seed: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(max_depth=1, random_state=seed)


# Task -> name -> (class_weight, seed) -> an unfitted estimator; the simplest one first.
BASELINES: dict[str, dict[str, Callable[[str | None, int], Any]]] = {
    "classification": {"majority class": _majority, ONE_RULE: _class_rule},
    "regression": {"mean": _mean, ONE_RULE: _number_rule},
}
