"""Each kind of estimator as the last steps of a graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import Features
from .graph import ML, Graph

Array = NDArray[Any]
FLOAT, DOUBLE = 1, 11
# Boosting cuts at values that it saw; a sine of the runtime may differ from them in the last digit.
SLACK = 1e-10


def logistic(graph: Graph, estimator: Any, given: Features) -> str:
    """Probabilities in the order of estimator.classes_."""
    weights, bias = estimator.coef_, estimator.intercept_
    if len(estimator.classes_) == 2:  # one score: that of the second class against 0
        weights = np.vstack([np.zeros_like(weights), weights])
        bias = np.array([0.0, bias[0]])
    return graph.add("Softmax", _linear(graph, weights, bias, given), axis=1)


def ridge(graph: Graph, estimator: Any, given: Features) -> str:
    """Predictions, shape (n_rows, 1)."""
    bias = np.atleast_1d(np.asarray(estimator.intercept_, dtype=np.float64))
    return _linear(graph, np.atleast_2d(estimator.coef_), bias, given)


def forest_classifier(graph: Graph, estimator: Any, given: Features) -> str:
    """Probabilities in the order of estimator.classes_."""
    return _forest(graph, estimator, given, base=np.zeros(len(estimator.classes_)))


def forest_regressor(graph: Graph, estimator: Any, given: Features) -> str:
    """Predictions, shape (n_rows, 1)."""
    # Trees are summed in single precision: around their own middle nothing is lost.
    middle = np.mean([tree.tree_.value[0, 0, 0] for tree in estimator.estimators_])
    return _forest(graph, estimator, given, base=np.array([middle]))


def boosting_classifier(graph: Graph, estimator: Any, given: Features) -> str:
    """Probabilities in the order of estimator.classes_."""
    score = _boosting(graph, estimator, given)
    if len(estimator.classes_) == 2:
        zero = graph.add("Sub", score, score)
        score = graph.beside(zero, score)
    return graph.add("Softmax", score, axis=1)


def boosting_regressor(graph: Graph, estimator: Any, given: Features) -> str:
    """Predictions, shape (n_rows, 1)."""
    if estimator.loss != "squared_error":
        raise ValueError(f"the link of the loss {estimator.loss} is not written here")
    return _boosting(graph, estimator, given)


ESTIMATORS = {
    "LogisticRegression": logistic,
    "Ridge": ridge,
    "RandomForestClassifier": forest_classifier,
    "RandomForestRegressor": forest_regressor,
    "HistGradientBoostingClassifier": boosting_classifier,
    "HistGradientBoostingRegressor": boosting_regressor,
}


def _linear(graph: Graph, weights: Array, bias: Array, given: Features) -> str:
    """weights: shape (n_outputs, n_features)."""
    placed = np.zeros((given.width, len(weights)))
    placed[given.order] = np.asarray(weights, dtype=np.float64).T
    return graph.add("Gemm", given.matrix, graph.constant(placed), graph.constant(bias))


def _forest(graph: Graph, estimator: Any, given: Features, base: Array) -> str:
    """The mean over trees, each moved by `base` while they are summed."""
    n_trees = len(estimator.estimators_)
    grown = [_grown(tree.tree_, base, n_trees) for tree in estimator.estimators_]
    # scikit-learn's trees see single precision.
    single = graph.add("Cast", given.matrix, to=FLOAT)
    return _trees(graph, graph.add("Cast", single, to=DOUBLE), given, grown, base)


def _grown(tree: Any, base: Array, n_trees: int) -> dict[str, Array]:
    return {
        "feature": tree.feature,
        "threshold": tree.threshold,
        "left": tree.children_left,
        "right": tree.children_right,
        "is_leaf": tree.children_left < 0,
        "value": (tree.value[:, 0, :] - base) / n_trees,
        "target": np.arange(len(base)),
    }


def _boosting(graph: Graph, estimator: Any, given: Features) -> str:
    """Raw scores: where it started, and the sum of all trees."""
    grown = [
        {
            "feature": nodes["feature_idx"].astype(np.int64),
            "threshold": nodes["num_threshold"]
            + SLACK * np.maximum(1, abs(nodes["num_threshold"])),
            "left": nodes["left"].astype(np.int64),
            "right": nodes["right"].astype(np.int64),
            "is_leaf": nodes["is_leaf"].astype(bool),
            "value": nodes["value"][:, None],
            "target": np.array([target]),
        }
        for turn in estimator._predictors
        for target, nodes in enumerate(predictor.nodes for predictor in turn)
    ]
    return _trees(graph, given.matrix, given, grown, np.ravel(estimator._baseline_prediction))


def _loosened(threshold: Array) -> Array:
    return threshold + SLACK * np.maximum(1.0, np.abs(threshold))


def _trees(
    graph: Graph, matrix: str, given: Features, grown: list[dict[str, Array]], base: Array
) -> str:
    """The sum of all trees and `base`, shape (n_rows, len(base))."""
    from onnx import numpy_helper

    nodes = [_nodes(number, tree, given.order) for number, tree in enumerate(grown)]
    leaves = [_leaves(number, tree) for number, tree in enumerate(grown)]
    modes = np.concatenate([tree["is_leaf"] for tree in grown])
    said = dict(_joined(nodes)) | dict(_joined(leaves))
    doubles = {
        f"{name}_as_tensor": numpy_helper.from_array(said.pop(name).astype(np.float64), name)
        for name in ("nodes_values", "target_weights")
    }
    total = graph.add(
        "TreeEnsembleRegressor",
        matrix,
        domain=ML,
        n_targets=len(base),
        aggregate_function="SUM",
        post_transform="NONE",
        nodes_modes=np.where(modes, "LEAF", "BRANCH_LEQ").tolist(),
        **{name: values.astype(np.int64).tolist() for name, values in said.items()},
        **doubles,
    )
    return graph.add("Add", graph.add("Cast", total, to=DOUBLE), graph.constant(base))


def _nodes(number: int, tree: dict[str, Array], order: Array) -> dict[str, Array]:
    inner = ~tree["is_leaf"]
    n_nodes = len(inner)
    return {
        "nodes_treeids": np.full(n_nodes, number),
        "nodes_nodeids": np.arange(n_nodes),
        "nodes_featureids": order[np.where(inner, tree["feature"], 0)],
        "nodes_values": np.where(inner, tree["threshold"], 0.0),
        "nodes_truenodeids": np.where(inner, tree["left"], 0),
        "nodes_falsenodeids": np.where(inner, tree["right"], 0),
    }


def _leaves(number: int, tree: dict[str, Array]) -> dict[str, Array]:
    leaves, n_targets = np.flatnonzero(tree["is_leaf"]), len(tree["target"])
    return {
        "target_treeids": np.full(len(leaves) * n_targets, number),
        "target_nodeids": np.repeat(leaves, n_targets),
        "target_ids": np.tile(tree["target"], len(leaves)),
        "target_weights": tree["value"][leaves].ravel(),
    }


def _joined(parts: list[dict[str, Array]]) -> Iterator[tuple[str, Array]]:
    for name in parts[0]:
        yield name, np.concatenate([part[name] for part in parts])
