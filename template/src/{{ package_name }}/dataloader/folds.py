"""Deal the rows of train into folds, as `data.split` deals the file into parts."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..configs.schema import Data
from .split import keys_of

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Fold:
    """Places of rows in the table: those to fit, and those to score."""

    fitted_on: Places
    scored: Places


def folds_of(
    table: pl.DataFrame, data: Data, n_folds: int, *, seed: int, by_class: bool
) -> list[Fold]:
    """n_folds folds of typed rows.

    Rows that data.split keeps together stay together. By time a fold is scored on rows later than
    all it was fitted on, so the earliest rows are never scored. by_class: of a classification
    each fold gets its share of each class.

    Raises ValueError where there are too few rows, groups or moments.
    """
    if data.split.by == "time":
        return _by_time(table, str(data.split.column), n_folds)
    place = _dealt(table, data, n_folds, seed, by_class)
    every = np.arange(len(table))
    return [Fold(every[place != fold], every[place == fold]) for fold in range(n_folds)]


def _dealt(table: pl.DataFrame, data: Data, n_folds: int, seed: int, by_class: bool) -> Places:
    """The fold of each row. Each key goes where there is least of its class, the largest first."""
    rows_of = defaultdict[str, list[int]](list)
    for row, key in enumerate(keys_of(table, data)):
        rows_of[key].append(row)
    if len(rows_of) < n_folds:
        what = "groups" if data.split.by == "group" else "rows"
        raise ValueError(
            f"data/train: {n_folds} folds need as many {what}, and there are {len(rows_of)}; "
            f"choose fewer folds, or prepare more data"
        )
    labels = [str(label) if by_class else "" for label in table[data.target].to_list()]
    place = np.empty(len(table), dtype=np.intp)
    held = [Counter[str]() for _ in range(n_folds)]
    for key in sorted(rows_of, key=lambda key: (-len(rows_of[key]), _drawn(seed, key))):
        counts = Counter(labels[row] for row in rows_of[key])
        main = counts.most_common(1)[0][0]
        fold = min(range(n_folds), key=lambda one: (held[one][main], held[one].total()))
        held[fold] += counts
        place[rows_of[key]] = fold
    return place


def _drawn(seed: int, key: str) -> bytes:
    return hashlib.blake2b(f"fold {seed}:{key}".encode(), digest_size=8).digest()


def _by_time(table: pl.DataFrame, column: str, n_folds: int) -> list[Fold]:
    moments: NDArray[Any] = table[column].to_numpy()
    ordered = np.sort(moments)
    ends = [ordered[len(ordered) * fold // (n_folds + 1)] for fold in range(1, n_folds + 1)]
    # Rows of one moment stay together: two cuts at one moment would leave a fold empty.
    if len(set(ends)) < n_folds or ends[0] == ordered[0]:
        raise ValueError(
            f"data/train: {n_folds} folds by '{column}' need moments apart, and there are "
            f"{len(np.unique(moments))}; choose fewer folds, or prepare more data"
        )
    every = np.arange(len(table))
    after = [moments >= end for end in ends] + [np.zeros(len(table), dtype=bool)]
    return [
        Fold(every[~after[fold]], every[after[fold] & ~after[fold + 1]]) for fold in range(n_folds)
    ]
