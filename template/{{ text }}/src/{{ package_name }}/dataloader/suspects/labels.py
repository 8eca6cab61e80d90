"""What labels and parts have to do with words: leaks, wrong labels, other languages."""

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Severity, Suspect, codes
from ...utils.words import names_of_hashes

MIN_ROWS, N_FOLDS, Z = 50, 3, 1.645
SURE, UNSURE = 0.92, 0.85  # as in evaluation/leakage.py
MIN_GROUPS, MIN_PURITY = 4, 0.9
TOP, MAX_WRONG, N_SHOWN = 0.2, 0.04, 5
MAX_SKILL = 0.2  # an area under the curve of 0.6, as in evaluation/parts.py


def telling_words(
    X: Any, texts: Sequence[str], y: Any, classes: Sequence[str], name: str
) -> Iterator[Suspect]:
    """A word or pair of words that alone gives a class away. X: hashed texts of train. y: codes."""
    for code, label in enumerate(classes):
        place, skill = _telling(X, y == code)
        if skill > UNSURE:
            word = names_of_hashes([*compress(texts, y == code), *texts])[place]
            severity: Severity = "leak" if skill > SURE else "ask"
            evidence = f"'{word}' alone gives {skill:.0%} of class {label} away"
            fix = "remove it from the texts, if it is not there when predicting"
            n_rows = int((X[:, [place]] > 0).sum())
            yield Suspect([name], "leak", severity, n_rows, evidence, fix)


def other_language(X: Any, texts: Sequence[str], part: Any, name: str) -> Iterator[Suspect]:
    """A word that tells valid or test from train: another language, script or source."""
    for other in ("valid", "test"):
        two = np.isin(part, ["train", other])
        place, skill = _telling(X[two], part[two] == other)
        if skill > MAX_SKILL:
            word, is_other = names_of_hashes(texts)[place], part == other
            shares = [(X[rows][:, [place]] > 0).mean() for rows in (part == "train", is_other)]
            evidence = f"'{word}' is in {shares[0]:.0%} of the texts of train, and in "
            evidence += f"{shares[1]:.0%} of those of {other}"
            fix = "look at data.split, and at the languages of the texts"
            yield Suspect([name], "parts differ", "warn", int(is_other.sum()), evidence, fix)
            return


def _telling(X: Any, chosen: Any) -> tuple[int, float]:
    """The column that best tells the chosen texts from the others, and how well, from 0 to 1.

    It is found in one half of the texts, and measured in the other.
    """
    if min(chosen.sum(), (~chosen).sum()) < N_FOLDS or len(chosen) < MIN_ROWS:
        return 0, 0.0
    half, seen = np.random.default_rng(0).random(len(chosen)) < 0.5, X.sign()
    place = int(np.argmax(_skills(seen[half], chosen[half])))
    return place, float(_skills(seen[~half][:, [place]], chosen[~half])[0])


def _skills(seen: Any, is_class: Any) -> Any:
    """The lower bound of the balanced accuracy of each column, from 0 (chance) to 1."""
    shares, errors = [], []
    for rows in (is_class, ~is_class):
        n_rows = rows.sum() + Z**2
        share = (np.asarray(seen[rows].sum(axis=0)).ravel() + Z**2 / 2) / n_rows
        shares.append(share)
        errors.append(share * (1 - share) / n_rows)
    return np.abs(shares[0] - shares[1]) - Z * np.sqrt(errors[0] + errors[1])


def telling_groups(table: pl.DataFrame, names: Sequence[str], target: str) -> Iterator[Suspect]:
    """Columns such as author or source, whose rows are nearly all of one class."""
    chance = float(((np.bincount(codes(table[target])) / len(table)) ** 2).sum())
    for name in [name for name in names if table[name].dtype == pl.String]:
        counts = table.drop_nulls(name).group_by(name, target).len()
        groups = counts.group_by(name).agg(pl.col("len").sum())
        n_groups = (groups["len"] > 1).sum()
        purity = _pairs(counts["len"]) / max(_pairs(groups["len"]), 1)
        if n_groups >= MIN_GROUPS and (purity - chance) / max(1 - chance, 1e-9) > MIN_PURITY:
            evidence = f"rows with the same {name} have the same {target} in {purity:.0%} of pairs:"
            evidence += f" a text that shows its {name} gives {target} away"
            fix = f"data.split: {{by: group, column: {name}}}"
            yield Suspect([name], "groups", "warn", len(table), evidence, fix)


def _pairs(counts: pl.Series) -> int:
    """How many pairs rows have that share a value, from the number of rows of each value."""
    return int((counts * (counts - 1)).sum())


def wrong_labels(
    X: Any, y: Any, rows: pl.Series, classes: Sequence[str], target: str
) -> Iterator[Suspect]:
    """Too many labels that a quick model contradicts where it is surest. X: hashed texts of train.

    Of honest labels hardly any is wrong there, of exchanged ones as many as anywhere.
    Source: Northcutt and others (2021), Confident Learning, JAIR 70.
    """
    if len(y) < 4 * MIN_ROWS or np.bincount(y).min() < N_FOLDS:
        return
    scores = _out_of_fold(X, y)
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
