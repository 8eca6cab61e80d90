"""The results to beat: a constant, and a rule about one feature."""

from collections.abc import Callable
from typing import Any


def _constant(task: str, class_weight: str | None, seed: int) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyRegressor() if task == "regression" else DummyClassifier(strategy="prior")


def _one_rule(task: str, class_weight: str | None, seed: int) -> Any:
    """One threshold on the best single feature. Source: Holte (1993), Machine Learning 11."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if task == "regression":
        return DecisionTreeRegressor(max_depth=1, random_state=seed)
    return DecisionTreeClassifier(max_depth=1, class_weight=class_weight, random_state=seed)


# Task -> name -> (task, class_weight, seed) -> an unfitted estimator; the simplest one first.
BASELINES: dict[str, dict[str, Callable[[str, str | None, int], Any]]] = {
    "classification": {"majority class": _constant, "one rule": _one_rule},
    "regression": {"mean": _constant, "one rule": _one_rule},
}
