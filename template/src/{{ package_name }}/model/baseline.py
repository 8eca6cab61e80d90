"""The numbers to beat: a guess that looks at nothing, and a rule that looks at one feature."""

from typing import Any

from .features import Columns
from .pipeline import preprocessing

CONSTANT = {"classification": "majority class", "regression": "mean"}
ONE_RULE = "one rule"


def build_baseline(
    name: str, columns: Columns, *, task: str, class_weight: str | None, seed: int
) -> Any:
    """An unfitted Pipeline like the model's; name: ONE_RULE or the task's CONSTANT."""
    from sklearn.pipeline import Pipeline

    estimator = _stump(task, class_weight, seed) if name == ONE_RULE else _constant(task)
    return Pipeline([("features", preprocessing(columns)), ("estimator", estimator)])


def names(task: str) -> tuple[str, str]:
    """The baselines of a task, the simpler one first."""
    return CONSTANT[task], ONE_RULE


def _constant(task: str) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyRegressor() if task == "regression" else DummyClassifier(strategy="prior")


def _stump(task: str, class_weight: str | None, seed: int) -> Any:
    """One question about the single best feature. Source: Holte (1993), Machine Learning 11."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if task == "regression":
        return DecisionTreeRegressor(max_depth=1, random_state=seed)
    return DecisionTreeClassifier(max_depth=1, class_weight=class_weight, random_state=seed)
