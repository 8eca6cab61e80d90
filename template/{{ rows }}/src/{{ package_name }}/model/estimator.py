"""What a model is made of; those that can be chosen are in estimators.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..utils.names import hint

Build = Callable[[str, dict[str, Any], Any, int], Any]
BOTH = ("classification", "regression")


@dataclass(frozen=True)
class Estimator:
    """A model that can be chosen.

    build: (task, parameters, class_weight, seed) -> an unfitted object with fit and predict, and
    predict_proba for classes. class_weight: None, `balanced`, or code of a class ->
    weight. defaults: parameters unless `models.<name>` in conf/ sets them.
    native: it takes the matrix that Preprocessor makes for such ones. trusted: names of further
    types in its saved file, where loading it names some that its own package does not define.
    """

    build: Build
    tasks: tuple[str, ...] = BOTH
    defaults: dict[str, Any] = field(default_factory=dict)
    native: bool = False
    trusted: tuple[str, ...] = ()


def build(
    estimators: dict[str, Estimator],
    name: str,
    task: str,
    parameters: dict[str, Any],
    class_weight: Any,
    seed: int,
) -> Any:
    """An unfitted estimator with its defaults, changed by `parameters` from conf/.

    Raises ValueError where a parameter is not one of the estimator's own, or is refused by it.
    """
    estimator = estimators[name]
    where = f"conf/ or the command line: models.{name}"
    plain = estimator.build(task, {}, class_weight, seed)
    # Some estimators, such as LightGBM's, take any name in silence.
    own = plain.get_params() if hasattr(plain, "get_params") else parameters
    if unknown := [key for key in parameters if key not in own]:
        raise ValueError(f"{where}: unknown key '{unknown[0]}'; {hint(unknown[0], own)}")
    try:
        model = estimator.build(task, {**estimator.defaults, **parameters}, class_weight, seed)
        if hasattr(model, "_parameter_constraints"):
            model._validate_params()  # scikit-learn's own ranges, before an hour of work
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
    return model
