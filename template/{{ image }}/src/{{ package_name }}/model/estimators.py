"""The models that can be chosen: add yours to ESTIMATORS."""

from functools import partial
from typing import Any

from .estimator import Estimator, build


def _pixels(task: str, parameters: dict[str, Any], weight: Any, seed: int) -> Any:
    """A linear model of the pixels: what a network has to beat."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    last: Any = Ridge(random_state=seed)
    if task == "classification":
        last = LogisticRegression(class_weight=weight, random_state=seed, max_iter=1000)
    return make_pipeline(StandardScaler(), last).set_params(**parameters)


def _network(task: str, parameters: dict[str, Any], weight: Any, seed: int) -> Any:
    from .network import Network

    return Network(task=task, class_weight=weight, seed=seed, **parameters)


ESTIMATORS: dict[str, Estimator] = {
    "network": Estimator(_network, native=True),
    "pixels": Estimator(_pixels),
}

build_estimator = partial(build, ESTIMATORS)
