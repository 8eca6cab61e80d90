"""Folds for cross-validation, cut as data.split cuts the parts."""

from typing import Any

import numpy as np
import polars as pl
from sklearn import model_selection as sk

from ..configs.settings import Config
from ..utils.predictions import Array, moments

Folds = list[tuple[Any, Any]]


def folds_of(config: Config, rows: pl.DataFrame, n_folds: int, n_repeats: int = 1) -> Folds:
    """(positions to fit on, positions to score) of each fold of each repeat.

    Rows of one group stay together; by time, a fold is scored on later rows than it is fitted on,
    with data.split.gap between, and is cut once. A split of your own counts as by time where its
    column holds dates, else as by group. Raises ValueError where there are too few rows or groups,
    or a fold would be fitted on one class.
    """
    split, y = config.data.split, rows[config.data.target].to_numpy()
    cells = rows[split.column] if split.column and split.by != "hash" else None
    is_class = config.task == "classification"
    if cells is None:
        splitter = sk.StratifiedKFold if is_class else sk.KFold
        folds = _shuffled(splitter, config.seed, n_folds, n_repeats, y, None)
    elif split.by == "time" or (split.by != "group" and cells.dtype.is_temporal()):
        folds = _by_time(moments(cells), n_folds, split.gap)
    else:
        splitter = sk.StratifiedGroupKFold if is_class else sk.GroupKFold
        groups = cells.cast(pl.String).to_numpy()
        folds = _shuffled(splitter, config.seed, n_folds, n_repeats, y, groups)
    if is_class and any(len(set(y[fitted])) < 2 for fitted, _ in folds):
        raise ValueError(f"a fold of {n_folds} would be fitted on one class; choose fewer folds")
    return folds


def _shuffled(
    splitter: Any, seed: int, n_folds: int, n_repeats: int, y: Array, groups: Array | None
) -> Folds:
    """Folds that are cut anew in each repeat."""
    options = {"n_splits": n_folds, "shuffle": True}
    cuts = [splitter(**options, random_state=seed + repeat) for repeat in range(n_repeats)]
    return [fold for one in cuts for fold in one.split(y, y, groups)]


def _by_time(times: Array, n_folds: int, gap: float) -> Folds:
    """Rows of one moment stay together. Raises ValueError where a gap leaves nothing to fit on."""
    ordered, folds = np.unique(times), []
    for _, chosen in sk.TimeSeriesSplit(n_folds).split(ordered):
        first, last = ordered[chosen[0]], ordered[chosen[-1]]
        fitted = np.flatnonzero(times < first - gap)
        if not len(fitted):
            raise ValueError(f"data.split.gap {gap:g} leaves the first of {n_folds} folds no row")
        folds.append((fitted, np.flatnonzero((times >= first) & (times <= last))))
    return folds
