"""Labels that do not fit: a slice far worse than chance allows, and classes with few examples."""

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl

from ..utils.suspects import Suspect, codes, numbers, sample, shown
from .leakage import out_of_fold

N_SAMPLE, N_BINS = 20_000, 10
MIN_ROWS, MIN_EXAMPLES = 50, 10
MAX_COLUMNS, MIN_VALUES, MAX_VALUES = 10, 2, 20
FALSE_ALARMS = 0.01
MIN_ERRORS, MIN_EXCESS = 10, 1.25  # errors, and those against the expected ones
MAX_ERROR = 0.35  # of the quick model; above it nothing can be seen


def few_examples(y: Any, classes: Sequence[str], target: str) -> Iterator[Suspect]:
    """Classes with few rows in train. y: class codes of train."""
    counts = np.bincount(y, minlength=len(classes))
    few = [(classes[k], int(n)) for k, n in enumerate(counts) if n < MIN_EXAMPLES]
    if few:
        evidence = ", ".join(f"{n} rows of class '{label}'" for label, n in few[:3])
        evidence += " in train" if len(few) <= 3 else f" and {len(few) - 3} more classes, in train"
        n_rows = sum(n for _, n in few)
        fix = "merge classes or collect rows"
        yield Suspect([target], "few examples", "warn", n_rows, evidence, fix)


def odd_slices(train: pl.DataFrame, y: Any, target: str) -> Iterator[Suspect]:
    """Slices whose labels a quick model predicts far worse than those of the other rows.

    A model without the slice's column is fitted on other folds; the errors in the slice are
    compared with those of equally confident predictions elsewhere, by a likelihood ratio of "a
    share of the labels is exchanged" against "none is".
    """
    rows = sample(train.with_columns(pl.Series("_y", y)), N_SAMPLE)
    X, y = rows.drop("_y"), rows["_y"].to_numpy()
    columns = [n for n in X.columns if X[n].dtype in (pl.String, pl.Boolean)]
    slices = {n: codes(X[n]) for n in columns if MIN_VALUES <= X[n].n_unique() <= MAX_VALUES}
    slices = dict(list(slices.items())[:MAX_COLUMNS])
    big = {n: [v for v in np.unique(c) if (c == v).sum() >= MIN_ROWS] for n, c in slices.items()}
    n_slices = sum(len(values) for values in big.values())
    if n_slices == 0 or len(y) < 4 * MIN_ROWS or np.bincount(y).max() == len(y):
        return
    limit = NormalDist().inv_cdf(1 - FALSE_ALARMS / n_slices)
    for name, values in big.items():
        wrong, confidence = _errors(X.drop(name), y)
        if wrong.mean() > MAX_ERROR:
            continue
        for value in values:
            inside = slices[name] == value
            if (~inside).sum() < MIN_ROWS or wrong[inside].sum() < MIN_ERRORS:
                continue
            z, excess = _excess(wrong, confidence, inside)
            if z > limit and excess > MIN_EXCESS:
                yield _suspect(X[name], inside, wrong, target)


def _errors(X: pl.DataFrame, y: Any) -> tuple[Any, Any]:
    """For each row whether it is predicted wrongly, and how confidently, by other rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns = [codes(cells) if cells.dtype == pl.String else numbers(cells) for cells in X]
    model = HistGradientBoostingClassifier(
        max_iter=30 if y.max() < 4 else 10,
        max_leaf_nodes=15,
        early_stopping=False,
        random_state=0,
    )
    matrix = np.array(columns, dtype=np.float64).T
    score = out_of_fold(model, matrix, y, method="predict_proba")
    return np.unique(y)[score.argmax(axis=1)] != y, score.max(axis=1)


def _excess(wrong: Any, confidence: Any, inside: Any) -> tuple[float, float]:
    """(z of the likelihood ratio, errors against those expected) of the rows inside."""
    cuts = np.quantile(confidence[~inside], np.linspace(0, 1, N_BINS + 1)[1:-1])
    place = np.searchsorted(cuts, confidence)
    n_rows = np.bincount(place[~inside], minlength=N_BINS)
    n_wrong = np.bincount(place[~inside], wrong[~inside], minlength=N_BINS)
    expected = ((n_wrong + 1) / (n_rows + 2))[place[inside]]
    shares = np.linspace(0, 0.6, 61)[:, None]
    chance = expected * (1 - shares) + (1 - expected) * shares
    likelihood = np.where(wrong[inside], np.log(chance), np.log(1 - chance)).sum(axis=1)
    gain = float(likelihood.max() - likelihood[0])
    return float(np.sqrt(2 * max(gain, 0.0))), float(wrong[inside].mean() / expected.mean())


def _suspect(cells: pl.Series, inside: Any, wrong: Any, target: str) -> Suspect:
    value = shown(cells.filter(pl.Series(inside)).head(1).fill_null("(missing)"))
    evidence = f"{target} is far harder to predict where {cells.name} is {value}: "
    rates = [wrong[inside].mean(), wrong[~inside].mean()]
    evidence += f"{rates[0]:.0%} errors of a quick model, elsewhere {rates[1]:.0%}"
    fix = "look at the labels there"
    return Suspect([cells.name], "labels", "warn", int(inside.sum()), evidence, fix)
