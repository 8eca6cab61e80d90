"""Features that give the target away: one column, a formula, a mean per group, the order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..utils.suspects import ROWS, Suspect, accept_line, codes, named, numbers, sample, shown

N_SAMPLE, N_FOLDS, MIN_ROWS = 20_000, 3, 50
# Lower 95 % bounds of the way from chance (0) to no error (1). An honest column of iris, petal
# width, reaches 0.90.
SURE, UNSURE = 0.92, 0.85
SURE_R2 = 0.95
Z = 1.645
SAME_RANK, SHARE_OF_SAME = 0.02, 0.8
SCREEN = 0.75  # of rows that share the class of the next row by value, above chance
# Terms of a formula: found by orthogonal matching pursuit, then the weakest are dropped again.
# Source: Pati and others (1993), Orthogonal matching pursuit, Asilomar 27.
N_FORWARD, N_TERMS, FORMULA_R2, IDLE = 12, 4, 0.99, 0.002
EXACT, SHARE_OF_EXACT, MIN_GROUPS, MAX_SMOOTHING = 1e-3, 0.9, 10, 200.0


def leaks(train: pl.DataFrame, y: Any, classes: Any, target: str) -> Iterator[Suspect]:
    """Features that alone, or as a formula, give the target away.

    train: the features, typed. y: class codes or numbers, shape (n_rows,). classes: or None.
    """
    if len(train) < MIN_ROWS:
        return
    rows = sample(train.with_columns(pl.Series("_y", y)), N_SAMPLE)
    X, y = rows.drop("_y"), rows["_y"].to_numpy()
    single = {name: _skill(X[name], y, classes is not None) for name in X.columns}
    for name, (skill, limit) in single.items():
        if skill > limit or (classes is not None and skill > UNSURE):
            yield _alone(X[name], target, skill, skill > limit, len(train))
    numeric = [name for name, dtype in X.schema.items() if dtype.is_numeric()]
    kept = [name for name in numeric if single[name][0] <= single[name][1]]
    if terms := _formula({name: numbers(X[name]) for name in kept}, y.astype(np.float64)):
        evidence = f"a sum or product of {named(terms)} gives {target} to 1 %"
        advice = f"data.ignore: [{terms[-1]}], if it is not known when predicting; "
        advice += f"or {accept_line(terms, 'formula')}"
        yield Suspect(terms, "formula", "leak", len(train), evidence, advice)


def _alone(cells: pl.Series, target: str, skill: float, sure: bool, n_rows: int) -> Suspect:
    name = cells.name
    evidence = f"{name} alone gives {skill:.0%} of {target} away: {shown(cells.drop_nulls())}"
    advice = f"data.ignore: [{name}], if it is not known when predicting; "
    advice += f"or {accept_line([name], 'leak')}"
    return Suspect([name], "leak", "leak" if sure else "ask", n_rows, evidence, advice)


def _skill(cells: pl.Series, y: Any, is_class: bool) -> tuple[float, float]:
    """(lower bound of the way from chance to no error, the limit that it must not pass)."""
    is_text = cells.dtype == pl.String
    values = codes(cells) if is_text else numbers(cells)
    values = _without_gaps(values.astype(np.float64))
    if len(np.unique(values)) < 2:
        return 0.0, 1.0
    if is_class:
        return _skill_of_classes(values, y, is_text), SURE
    return _skill_of_numbers(values, y, is_text)


def _without_gaps(values: Any) -> Any:
    """A gap is a value below all others: that a cell is empty may give the target away."""
    known = values[np.isfinite(values)]
    low = (known.min() - max(1.0, np.ptp(known))) if len(known) else 0.0
    return np.where(np.isfinite(values), values, low)


def _skill_of_classes(values: Any, y: Any, is_text: bool) -> float:
    """Balanced accuracy of a tree on one column, from 0 to 1, on rows it was not fitted on."""
    counts = np.bincount(y)
    chance = float((counts / len(y)) ** 2 @ np.ones(len(counts)))
    order = np.lexsort((np.random.default_rng(0).random(len(y)), values))
    agree = float((y[order][1:] == y[order][:-1]).mean())
    if (agree - chance) / (1 - chance) < SCREEN and not is_text:
        return 0.0
    predicted = _out_of_fold(values, y, is_text)
    if (predicted == y).all():
        return 1.0
    present = np.flatnonzero(counts)
    hits = np.array([(predicted[y == k] == k).sum() for k in present])
    # Agresti and Coull (1998), Approximate is better than "exact": honest for few rows too.
    n_rows = counts[present] + Z**2
    recall = (hits + Z**2 / 2) / n_rows
    variance = np.mean(recall * (1 - recall) / n_rows) / len(present)
    chance = 1 / len(present)
    return float((recall.mean() - Z * np.sqrt(variance) - chance) / (1 - chance))


def _out_of_fold(values: Any, y: Any, is_text: bool) -> Any:
    """Predicted class codes: a table per value of a text, a tree for numbers."""
    from sklearn.tree import DecisionTreeClassifier

    fold = np.random.default_rng(0).permutation(len(y)) % N_FOLDS
    predicted = np.empty_like(y)
    n_classes = int(y.max()) + 1
    for k in range(N_FOLDS):
        fitted, held = fold != k, fold == k
        if is_text:
            table = np.zeros((int(values.max()) + 1, n_classes))
            np.add.at(table, (values[fitted].astype(int), y[fitted]), 1)
            table /= np.maximum(table.sum(axis=0), 1)
            predicted[held] = table[values[held].astype(int)].argmax(axis=1)
        else:
            tree = DecisionTreeClassifier(
                max_leaf_nodes=4 * n_classes + 8,
                min_samples_leaf=3,
                class_weight="balanced",
                random_state=0,
            )
            tree.fit(values[fitted, None], y[fitted])
            predicted[held] = tree.predict(values[held, None])
    return predicted


def _skill_of_numbers(values: Any, y: Any, is_text: bool) -> tuple[float, float]:
    """The largest of several shares of variance, on ranks and on values; or of equal ranks."""
    ranks, goal = _ranks(values), _ranks(y)
    found = [_bins_r2(values if is_text else np.floor(ranks * 199.99), goal)]
    if not is_text:
        rank_r = float(np.corrcoef(ranks, goal)[0, 1])
        aligned = ranks if rank_r > 0 else 1 - ranks
        if float((np.abs(aligned - goal) < SAME_RANK).mean()) > SHARE_OF_SAME:
            return 1.0, SURE_R2
        found.append(_lower_r2(rank_r, len(y)))
        found.append(_pearson(values, y))
    return max(found), SURE_R2


def _pearson(values: Any, y: Any) -> float:
    """Lower bound of r^2 of the values, where the inner 99 % of rows agree."""
    away = np.abs(values - np.median(values))
    inner = away <= np.quantile(away, 0.99)
    if values[inner].std() == 0 or y[inner].std() == 0:
        return 0.0
    whole = abs(float(np.corrcoef(values, y)[0, 1]))
    return _lower_r2(min(whole, abs(float(np.corrcoef(values[inner], y[inner])[0, 1]))), len(y))


def _ranks(values: Any) -> Any:
    """Ranks from 0 to 1; equal values share theirs."""
    ranks = pl.Series(values).rank().to_numpy()
    return (ranks - ranks.min()) / max(float(np.ptp(ranks)), 1.0)


def _lower_r2(r: float, n_rows: int) -> float:
    """The lower 95 % bound of r^2. Source: Fisher (1915), his z."""
    bounded = min(abs(r), 1 - 1e-12)
    return float(np.tanh(max(np.arctanh(bounded) - Z / np.sqrt(n_rows - 3), 0.0)) ** 2)


def _bins_r2(bins: Any, goal: Any) -> float:
    """R^2 of the mean of each bin, on rows that it was not taken from."""
    place = np.unique(bins, return_inverse=True)[1]
    fold = np.random.default_rng(0).permutation(len(goal)) % N_FOLDS
    predicted = np.empty(len(goal))
    for k in range(N_FOLDS):
        fitted, held = fold != k, fold == k
        n_rows = np.bincount(place[fitted], minlength=place.max() + 1)
        total = np.bincount(place[fitted], goal[fitted], minlength=place.max() + 1)
        means = np.where(n_rows > 0, total / np.maximum(n_rows, 1), goal[fitted].mean())
        predicted[held] = means[place[held]]
    return float(1 - ((goal - predicted) ** 2).sum() / ((goal - goal.mean()) ** 2).sum())


def _formula(features: dict[str, Any], y: Any) -> list[str]:
    """Up to four columns whose sum, or whose product, is the target; none: []."""
    plain = {name: values for name, values in features.items() if np.isfinite(values).mean() > 0.5}
    known = np.isfinite(y)
    for values in plain.values():
        if np.isfinite(values).mean() < 0.999:
            known &= np.isfinite(values)
    if known.sum() < MIN_ROWS or len(plain) < 2:
        return []
    chosen = {name: np.nan_to_num(values[known]) for name, values in plain.items()}
    positive = {name: np.log(v) for name, v in chosen.items() if (v > 0).all()}
    found = _terms(chosen, y[known])
    if not found and len(positive) > 1 and (y[known] > 0).all():
        found = _terms(positive, np.log(y[known]))
    return found


def _terms(features: dict[str, Any], y: Any) -> list[str]:
    names = [name for name, values in features.items() if values.std() > 0]
    if len(names) < 2:
        return []
    X = np.array([(features[n] - features[n].mean()) / features[n].std() for n in names])
    goal = (y - y.mean()) / max(float(y.std()), 1e-300)
    gram, product = X @ X.T / len(y), X @ goal / len(y)
    terms: list[int] = []
    while len(terms) < min(N_FORWARD, len(names)):
        residual = product - gram[:, terms] @ _weights(gram, product, terms)
        residual[terms] = 0
        terms.append(int(np.abs(residual).argmax()))
    while len(terms) > 2:
        without = [_r2(gram, product, [t for t in terms if t != one]) for one in terms]
        if len(terms) <= N_TERMS and _r2(gram, product, terms) - max(without) > IDLE:
            break
        terms.pop(int(np.argmax(without)))
    alone = max(_r2(gram, product, [one]) for one in terms)
    if _r2(gram, product, terms) > FORMULA_R2 > alone:
        return [names[one] for one in terms]
    return []


def _weights(gram: Any, product: Any, terms: list[int]) -> Any:
    return np.linalg.lstsq(gram[np.ix_(terms, terms)], product[terms], rcond=None)[0]


def _r2(gram: Any, product: Any, terms: list[int]) -> float:
    return float(product[terms] @ _weights(gram, product, terms))


def group_means(table: pl.DataFrame, y: Any, classes: Any, target: str) -> Iterator[Suspect]:
    """Number columns that are the mean of the target over the rows with the same value.

    table: all rows, since such means are exact only over the rows that they were taken from.
    """
    goals = [y] if classes is None else [(y == k).astype(np.float64) for k in range(len(classes))]
    for name in [name for name, dtype in table.schema.items() if dtype.is_numeric()]:
        values = numbers(table[name])
        known = np.isfinite(values)
        if len(np.unique(values[known][:N_SAMPLE])) < MIN_GROUPS:
            continue
        if any(_is_mean(values[known], goal[known]) for goal in goals[:30]):
            evidence = f"{name} is the mean of {target} over the rows with the same {name}"
            advice = f"data.ignore: [{name}]; compute it in a fit on train alone; "
            advice += f"or {accept_line([name], 'group mean')}"
            yield Suspect([name], "group mean", "leak", int(known.sum()), evidence, advice)


def _is_mean(values: Any, goal: Any) -> bool:
    """Whether values are means of goal by equal value: exact, rounded, or drawn to the mean."""
    distinct, place, n_rows = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) < MIN_GROUPS or len(distinct) > len(values) / 1.5:
        return False
    mean, overall = np.bincount(place, goal) / n_rows, goal.mean()
    repeated, spread = n_rows > 1, max(float(goal.std()), 1e-300)
    # A forecast in whole units may be right on average; a share of a class has decimals.
    fine = 5 if set(np.unique(goal[:N_SAMPLE])) <= {0.0, 1.0} else 20
    rounded = 0.51 * 10.0 ** -_decimals(distinct)
    smooth = n_rows * (mean - distinct)
    pull = distinct - overall
    usable = repeated & (np.abs(pull) > 0.05 * spread)
    ratio = float(np.quantile(smooth[usable] / pull[usable], 0.25)) if usable.any() else 0.0
    ratio = min(max(ratio, 0.0), MAX_SMOOTHING)
    # Groups that by chance have the same mean are one here: their weight is a multiple.
    for weights in ((0.0,), (ratio, 2 * ratio, 3 * ratio)):
        away = [np.abs((n_rows * mean + s * overall) / (n_rows + s) - distinct) for s in weights]
        close = np.min(away, axis=0) < max(EXACT * spread, rounded)
        by_rows = n_rows[close & repeated].sum() / max(n_rows[repeated].sum(), 1)
        share = min(by_rows, (close & repeated).sum() / max(repeated.sum(), 1))
        if share > SHARE_OF_EXACT and distinct.std() > fine * rounded:
            return True
    return False


def _decimals(distinct: Any) -> int:
    """Digits after the point that the values have, at most 6."""
    for digits in range(6):
        if np.allclose(distinct, np.round(distinct, digits), rtol=0, atol=1e-9):
            return digits
    return 6


def sorted_by(y: Any, is_class: bool, target: str) -> Iterator[Suspect]:
    """Whether the file is in the order of the target. y: in the file's order."""
    if is_class:
        n_blocks = 1 + int((y[1:] != y[:-1]).sum())
        is_sorted = n_blocks <= 2 * len(np.unique(y)) < len(y) / 5
    else:
        ranks = _ranks(y[:: max(1, len(y) // N_SAMPLE)])
        is_sorted = abs(float(np.corrcoef(np.arange(len(ranks)), ranks)[0, 1])) > 0.99
    if is_sorted:
        evidence = f"the file is in the order of {target}: a column that counts rows gives it away"
        advice = f"{accept_line([ROWS], 'leak')}; or data.ignore: [a column that counts rows]"
        yield Suspect([ROWS], "leak", "ask", len(y), evidence, advice)
