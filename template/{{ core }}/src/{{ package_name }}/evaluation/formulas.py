"""Columns of which a sum, or a product, is the target."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..utils.suspects import Suspect, named

MIN_ROWS, MAX_GAPS = 50, 0.001  # a column with more empty cells takes no row from the others
N_STRONG, N_TERMS = 12, 4
MIN_R2, IDLE = 0.99, 0.002


def formulas(features: dict[str, Any], y: Any, target: str) -> Iterator[Suspect]:
    """A sum or product of up to four columns. features: numbers by column; y: shape (n_rows,)."""
    known = np.isfinite(y)
    full = {name: v for name, v in features.items() if np.isfinite(v).mean() > 0.5}
    for values in full.values():
        if np.isfinite(values).mean() < 1 - MAX_GAPS:
            known &= np.isfinite(values)
    if known.sum() < MIN_ROWS:
        return
    chosen = {name: np.nan_to_num(values[known]) for name, values in full.items()}
    terms = _terms(chosen, y[known])
    if not terms and (y[known] > 0).all():
        positive = {name: np.log(v) for name, v in chosen.items() if (v > 0).all()}
        terms = _terms(positive, np.log(y[known]))
    if terms:
        evidence = f"a sum or product of {named(terms)} gives {target} to 1 %"
        fix = f"data.ignore: [{terms[-1]}], if it is not known when predicting"
        yield Suspect(terms, "formula", "leak", len(y), evidence, fix)


def _terms(features: dict[str, Any], y: Any) -> list[str]:
    """The columns whose weighted sum is y; none: []. Of all, the weakest are dropped again."""
    names = [name for name, values in features.items() if values.std() > 0]
    if len(names) < 2 or y.std() == 0:
        return []
    X = np.array([_standardise(features[name]) for name in names])
    gram, product = X @ X.T / len(y), X @ _standardise(y) / len(y)
    weights = np.abs(np.linalg.lstsq(gram, product, rcond=None)[0])
    terms = _without_weak(gram, product, np.argsort(-weights)[:N_STRONG].tolist())
    alone = max(_r2(gram, product, [one]) for one in terms)
    is_formula = _r2(gram, product, terms) > MIN_R2 > alone
    return [names[one] for one in terms] if is_formula else []


def _standardise(values: Any) -> Any:
    return (values - values.mean()) / values.std()


def _without_weak(gram: Any, product: Any, terms: list[int]) -> list[int]:
    """At most four terms, and of those none that hardly adds to R^2."""
    while len(terms) > 2:
        without = [_r2(gram, product, [t for t in terms if t != one]) for one in terms]
        if len(terms) <= N_TERMS and _r2(gram, product, terms) - max(without) > IDLE:
            break
        terms.pop(int(np.argmax(without)))
    return terms


def _r2(gram: Any, product: Any, terms: list[int]) -> float:
    weights = np.linalg.lstsq(gram[np.ix_(terms, terms)], product[terms], rcond=None)[0]
    return float(product[terms] @ weights)
