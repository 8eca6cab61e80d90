"""Show where the model is wrong on valid: slices, sure errors, and near rows."""

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.tree import DecisionTreeRegressor

from ..dataloader.sources import ROW
from ..evaluation.errors import worst_errors
from ..executor.context import RunContext
from ..model.features import add_features
from ..model.predictor import Array
from ..model.preprocess import Preprocessor
from ..utils import runs
from ..utils.logs import log
from .context import add_run, context_of, row_errors, write

DEPTH, MIN_SHARE, MIN_ROWS, N_SHUFFLES = 3, 0.05, 10, 100
SURE, N_SHOWN, MAX_ROWS = 0.9, 10, 20_000
add_arguments = add_run


def run(args: argparse.Namespace) -> None:
    """Write reports/errors.json and .html; rows are named by their number in the file."""
    context = context_of(args)
    columns = context.model.columns
    train, valid = (part.head(MAX_ROWS) for part in (context.train, context.valid))
    tables = [add_features(part.select(columns)) for part in (train, valid)]
    shapes = Preprocessor().fit(tables[0])
    X_train, X_valid = (shapes.transform(table) for table in tables)
    with runs.repeatable(context.config.seed):
        found = slices(X_valid, row_errors(context, valid), shapes)
    for one in found[:3]:
        log("errors", f"{one['error']:.3g} on {one['n_rows']} rows: {', '.join(one['where'])}")
        log("", f"so large an error is found by chance with probability {one['p_value']:.2f}")
    sure, near = sure_errors(context), near_rows(context, X_train, X_valid)
    log("", sure["sentence"])
    log("", f"{len(near)} rows have a near row in train with another target")
    write(context, "errors", {"slices": found, "sure": sure, "near_rows": near})


def slices(X: Array, error: Array, shapes: Preprocessor) -> list[dict[str, Any]]:
    """Leaves of a shallow tree fitted to the errors, the worst first.

    X: from `shapes`, shape (n_rows, n_features). error: shape (n_rows,). p_value: how often the
    same search finds a leaf as bad after the errors were shuffled.
    """
    least = max(MIN_ROWS, int(MIN_SHARE * len(X)))
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=least, random_state=0)

    def search(y: Array) -> tuple[Array, Array]:
        """The leaf of each row, and of each leaf how far its mean is above the others'."""
        leaf = tree.fit(X, y).apply(X)
        n_rows = np.maximum(np.bincount(leaf), 1)
        return leaf, (np.bincount(leaf, y - y.mean()) / n_rows) * np.sqrt(n_rows)

    chance = [search(np.random.permutation(error))[1].max() for _ in range(N_SHUFFLES)]
    leaf, excess = search(error)
    entries = []
    for node, conditions in _leaves(tree.tree_, shapes):
        inside, p_value = leaf == node, (1 + np.sum(chance >= excess[node])) / (1 + N_SHUFFLES)
        entry = {"n_rows": int(inside.sum()), "error": float(error[inside].mean())}
        entries.append({"where": conditions, **entry, "p_value": float(p_value)})
    return sorted(entries, key=lambda one: -one["error"])


def _leaves(
    tree: Any, shapes: Preprocessor, node: int = 0, above: tuple[str, ...] = ()
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each leaf, and the conditions that lead to it in the units of the data."""
    if tree.children_left[node] < 0:
        yield node, above
        return
    feature, cut, numbers = tree.feature[node], tree.threshold[node], shapes.numbers_
    name, words = shapes.feature_names_[feature], ("is not", "is")
    conditions = tuple(f"{word} {name}" for word in words)
    if feature < len(numbers["names"]):
        cut = cut * numbers["scale"][feature] + numbers["mean"][feature]
        conditions = (f"{name} <= {cut:.4g}", f"{name} > {cut:.4g}")
    children = (tree.children_left[node], tree.children_right[node])
    for child, condition in zip(children, conditions, strict=True):
        yield from _leaves(tree, shapes, child, (*above, condition))


def sure_errors(context: RunContext) -> dict[str, Any]:
    """Whether high probabilities are wrong too often, or few rows carry the error; worst rows."""
    y_true, predicted = context.target(context.valid), context.model.predict(context.valid)
    if predicted.y_score is None:
        squares = np.sort((predicted.y_pred - y_true) ** 2)[::-1]
        share = squares[: max(1, len(squares) // 20)].sum() / max(squares.sum(), 1e-300)
        sentence = f"the worst 5 % of rows carry {share:.0%} of the squared error"
    else:
        chance = predicted.y_score.max(axis=1)
        sure, wrong = chance >= SURE, predicted.y_pred != y_true
        sentence = f"{(sure & wrong).sum()} of {sure.sum()} predictions of {SURE:.0%} and more are "
        sentence += f"wrong, {(1 - chance[sure]).sum():.1f} expected"
    numbers, classes = context.valid[ROW].to_numpy(), context.model.classes
    rows = worst_errors(y_true, predicted.y_pred, predicted.y_score, numbers, classes)
    return {"sentence": sentence, "rows": rows[:N_SHOWN]}


def near_rows(context: RunContext, X_train: Array, X_valid: Array) -> list[dict[str, Any]]:
    """Rows of valid whose nearest row of train has another target: a wrong label, or a gap.

    Nearer than the median, that is; numbers must differ by more than the middle half of train.
    """
    found = NearestNeighbors(n_neighbors=1).fit(X_train).kneighbors(X_valid)
    distance, nearest = (one[:, 0] for one in found)
    y_train, y_valid = (context.target(part) for part in (context.train, context.valid))
    low, high = np.quantile(y_train, [0.25, 0.75])
    apart = high - low if context.model.classes is None else 0.0
    differs = np.abs(y_valid[: len(nearest)] - y_train[nearest]) > apart
    order = np.argsort(distance, kind="stable")
    places = order[differs[order] & (distance[order] <= np.median(distance))][:N_SHOWN]
    target = context.config.data.target
    ends = context.valid[places], context.train[nearest[places]]
    rows = [part.select(row=ROW, target=target).to_dicts() for part in ends]
    return [{"valid": one, "train": other} for one, other in zip(*rows, strict=True)]
