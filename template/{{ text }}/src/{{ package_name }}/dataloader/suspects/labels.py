"""What labels and parts have to do with words: leaks, wrong labels, other languages."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Severity, Suspect, codes
from ...utils.words import hashed, hashes_of, ngrams, words

MIN_ROWS, N_FOLDS, Z = 50, 3, 1.645
SURE, UNSURE = 0.92, 0.85  # as in evaluation/leakage.py
MIN_GROUPS, MIN_PURITY, MIN_SIZE = 4, 0.9, 2
TOP, MAX_WRONG, N_SHOWN = 0.2, 0.04, 5
N_WORDS, MAX_AREA = 100, 0.75


def telling_words(
    texts: Sequence[str], y: Any, classes: Sequence[str], name: str
) -> Iterator[Suspect]:
    """A word or pair of words that alone gives a class away. texts, y: of train; y: codes."""
    if len(texts) < MIN_ROWS:
        return
    seen = hashed(texts)
    seen.data[:] = 1
    half = np.random.default_rng(0).random(len(y)) < 0.5
    for code, label in enumerate(classes):
        chosen = int(np.argmax(_skills(seen[half], y[half] == code)))
        skill = float(_skills(seen[~half][:, [chosen]], y[~half] == code)[0])
        if skill > UNSURE:
            word = _word_of(chosen, [t for t, k in zip(texts, y, strict=True) if k == code], texts)
            severity: Severity = "leak" if skill > SURE else "ask"
            evidence = f"'{word}' alone gives {skill:.0%} of class {label} away"
            fix = "remove it from the texts, if it is not there when predicting"
            n_rows = int(seen[:, [chosen]].sum())
            yield Suspect([name], "leak", severity, n_rows, evidence, fix)


def _skills(seen: Any, is_class: Any) -> Any:
    """The lower bound of the balanced accuracy of each column, from 0 (chance) to 1."""
    shares, errors = [], []
    for rows in (is_class, ~is_class):
        n_rows = rows.sum() + Z**2
        share = (np.asarray(seen[rows].sum(axis=0)).ravel() + Z**2 / 2) / n_rows
        shares.append(share)
        errors.append(share * (1 - share) / n_rows)
    return np.abs(shares[0] - shares[1]) - Z * np.sqrt(errors[0] + errors[1])


def _word_of(place: int, of_class: Sequence[str], texts: Sequence[str]) -> str:
    """The commonest n-gram with this hash, in texts of the class before the others."""
    counts = Counter(one for text in [*of_class, *texts] for one in ngrams(text))
    known = [one for one, _ in counts.most_common()]
    return known[hashes_of(known).index(place)]


def telling_groups(
    table: pl.DataFrame, names: Sequence[str], target: str, grouped: str | None
) -> Iterator[Suspect]:
    """Columns such as author or source, whose rows are nearly all of one class."""
    y = codes(table[target])
    chance = float(((np.bincount(y) / len(y)) ** 2).sum())
    for name in names:
        if name == grouped or table[name].dtype != pl.String:
            continue
        purity, n_groups = _purity(table[name], y)
        way = (purity - chance) / max(1 - chance, 1e-9)
        if n_groups >= MIN_GROUPS and way > MIN_PURITY:
            evidence = f"rows with the same {name} have the same {target} in {purity:.0%} of pairs:"
            evidence += f" a text that shows its {name} gives {target} away"
            fix = f"data.split: {{by: group, column: {name}}}"
            yield Suspect([name], "groups", "warn", len(table), evidence, fix)


def _purity(cells: pl.Series, y: Any) -> tuple[float, int]:
    """The share of pairs of one group that have one class; how many groups have pairs."""
    counts = pl.DataFrame({"group": cells, "y": y}).drop_nulls().group_by("group", "y").len()
    groups = counts.group_by("group").agg(
        n_rows=pl.col("len").sum(), same=(pl.col("len") * (pl.col("len") - 1)).sum()
    )
    groups = groups.filter(pl.col("n_rows") >= MIN_SIZE)
    n_pairs = int((groups["n_rows"] * (groups["n_rows"] - 1)).sum())
    return int(groups["same"].sum()) / max(n_pairs, 1), len(groups)


def wrong_labels(
    texts: Sequence[str], y: Any, rows: pl.Series, classes: Sequence[str], target: str
) -> Iterator[Suspect]:
    """Too many labels that a quick model contradicts where it is surest.

    Of honest labels hardly any is wrong there, of exchanged ones as many as anywhere.
    Source: Northcutt and others (2021), Confident Learning, JAIR 70.
    """
    if len(texts) < 4 * MIN_ROWS or np.bincount(y).min() < N_FOLDS:
        return
    scores = _out_of_fold(hashed(texts), y)
    confidence, predicted = scores.max(axis=1), scores.argmax(axis=1)
    top = np.argsort(-confidence, kind="stable")[: int(TOP * len(y))]
    odd = top[predicted[top] != y[top]]
    share = len(odd) / len(top)
    if share - Z * np.sqrt(share * (1 - share) / len(top)) > MAX_WRONG:
        named = [f"{rows[int(i)]} ({classes[predicted[i]]}?)" for i in odd[:N_SHOWN]]
        evidence = f"a quick model contradicts {share:.0%} of the labels where it is surest; rows "
        evidence += ", ".join(named)
        yield Suspect([target], "labels", "warn", len(odd), evidence, "look at the labels there")


def _out_of_fold(X: Any, y: Any) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    model = LogisticRegression(C=10.0, tol=1e-2, class_weight="balanced")
    return cross_val_predict(model, X, y, cv=folds, method="predict_proba")


def other_language(texts: Sequence[str], part: pl.Series, name: str) -> Iterator[Suspect]:
    """Common words that tell a part from train: another language, script or source."""
    sets, parts = [set(words(text)) for text in texts], part.to_numpy()
    counts = Counter(word for own in sets for word in own if word.isalpha())
    common = [word for word, _ in counts.most_common(N_WORDS)]
    X = np.array([[word in own for word in common] for own in sets], dtype=np.float32)
    for other in ("valid", "test"):
        two = np.isin(parts, ["train", other])
        later = parts[two] == other
        if not common or min(later.sum(), (~later).sum()) < MIN_ROWS:
            continue
        area = _area(X[two], later)
        if area > MAX_AREA:
            shares = X[parts == other].mean(axis=0) - X[parts == "train"].mean(axis=0)
            most = [common[i] for i in np.argsort(-np.abs(shares))[:N_SHOWN]]
            evidence = f"common words ({', '.join(most)}) tell a text of train from one of {other}:"
            evidence += f" area under the ROC curve {area:.2f}"
            fix = "look at data.split, and at the languages of the texts"
            yield Suspect([name], "parts differ", "warn", int(later.sum()), evidence, fix)
            return


def _area(X: Any, later: Any) -> float:
    """Area under the ROC curve on held-out rows, less two standard errors."""
    from sklearn.metrics import roc_auc_score

    scores = _out_of_fold(X, later.astype(int))[:, 1]
    error = np.sqrt((len(later) + 1) / (12 * later.sum() * (~later).sum()))
    return float(roc_auc_score(later, scores) - 2 * error)
