"""Convert a fitted estimator to ONNX."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = {"": 17, "ai.onnx.ml": 3}


def to_onnx(estimator: Any, X: NDArray[np.float32]) -> bytes:
    """The estimator as ONNX; its last output holds probabilities, or numbers.

    X: at least one row of the estimator's input. Raises ValueError where it cannot be converted.
    """
    import skl2onnx

    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None
    try:
        if hasattr(estimator, "_predictors"):
            estimator = _with_exact_splits(estimator)
            options = {id(estimator): options.popitem()[1]} if options else None
        model = skl2onnx.to_onnx(estimator, X[:1], target_opset=OPSET, options=options)
    except Exception as error:  # each converter raises errors of its own
        reason = str(error).partition("\n")[0]
        raise ValueError(f"no ONNX of {type(estimator).__name__}: {reason}") from error
    return bytes(model.SerializeToString())


def _with_exact_splits(boosting: Any) -> Any:
    """A copy of a histogram boosting model with splits that skl2onnx converts exactly.

    skl2onnx 1.20 rounds thresholds to the nearest float32, which may be above the value of a row,
    and reads a split by categories as one by a threshold, without an error.
    """
    model, order = copy.copy(boosting), _column_order(boosting)
    model._predictors = [[_exact_tree(t, order) for t in trees] for trees in boosting._predictors]
    return model


def _column_order(boosting: Any) -> NDArray[np.intp]:
    """Positions of the trees' columns in the matrix: inside, categories come first."""
    if boosting.is_categorical_ is None:
        return np.arange(boosting.n_features_in_)
    encoder = boosting._preprocessor.named_transformers_["encoder"]
    for codes in encoder.categories_:
        known = codes[~np.isnan(codes)]
        if not np.array_equal(known, np.arange(len(known))):
            raise ValueError("its codes of categories are not 0, 1, 2, ...")
    return np.argsort(~boosting.is_categorical_, kind="stable")


def _exact_tree(tree: Any, order: NDArray[np.intp]) -> Any:
    nodes = list(tree.nodes.copy())
    for place, node in enumerate(tree.nodes):
        if node["is_leaf"]:
            continue
        nodes[place]["feature_idx"] = order[node["feature_idx"]]
        if node["is_categorical"]:
            bits = tree.raw_left_cat_bitsets[node["bitset_idx"]].view(np.uint8)
            _chain(nodes, place, np.unpackbits(bits, bitorder="little").astype(bool))
        else:
            nodes[place]["num_threshold"] = _round_down(node["num_threshold"])
    exact = copy.copy(tree)
    exact.nodes = np.array(nodes, dtype=tree.nodes.dtype)
    return exact


def _chain(nodes: list[Any], place: int, goes_left: NDArray[np.bool_]) -> None:
    """Replace a split by categories with thresholds, one where a run of codes ends.

    nodes: the tree's, to which the chain is appended. goes_left: of each code. A node may be the
    child of several others; onnxruntime reads such trees.
    """
    left, right = int(nodes[place]["left"]), int(nodes[place]["right"])
    missing_left = bool(nodes[place]["missing_go_to_left"])
    ends = list(np.flatnonzero(goes_left[1:] != goes_left[:-1])) or [len(goes_left) - 1]
    for count, end in enumerate(ends):
        node = nodes[place]
        side = bool(goes_left[end])
        is_last = count == len(ends) - 1
        node["is_categorical"], node["num_threshold"] = 0, end + 0.5
        node["left"] = left if side else right
        node["missing_go_to_left"] = missing_left == side
        node["right"] = (right if side else left) if is_last else len(nodes)
        if not is_last:
            place = len(nodes)
            nodes.append(node.copy())


def _round_down(threshold: float) -> float:
    """The largest float32 that is not above the threshold."""
    rounded = np.float32(threshold)
    return float(rounded if rounded <= threshold else np.nextafter(rounded, np.float32(-np.inf)))
