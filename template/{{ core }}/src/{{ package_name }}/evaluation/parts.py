"""Do train, valid and test come from the same source? Columns that tell them apart."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..utils.suspects import Severity, Suspect, codes, named, numbers, sample

N_SAMPLE = 20_000
N_BINS = 20
LIMIT = 0.6  # of the area under the ROC curve, less two standard errors
MIN_ROWS = 50
FIX = "look at data.split"


def parts_differ(table: pl.DataFrame, part: pl.Series, by_time: bool) -> Iterator[Suspect]:
    """Columns of which one value tells in which part a row is.

    table: the features of all rows. part: of each row. by_time: parts are periods of time, and a
    difference may be no fault.
    """
    known: set[str] = set()
    rows = sample(table.with_columns(part.alias("_part")), N_SAMPLE)
    for other in ("valid", "test"):
        two = rows.filter(pl.col("_part").is_in(["train", other]))
        later = (two["_part"] == other).to_numpy()
        if min(later.sum(), (~later).sum()) < MIN_ROWS:
            continue
        found = {n: _auc_above_error(two[n], later) for n in table.columns if n not in known}
        columns = sorted((n for n in found if found[n] > LIMIT), key=lambda n: -found[n])
        if columns:
            evidence = f"{named(columns)} tells a row of train from one of {other}: area under the "
            evidence += f"ROC curve at least {found[columns[0]]:.2f}"
            severity: Severity = "ask" if by_time else "warn"
            yield Suspect(columns, "parts differ", severity, int(later.sum()), evidence, FIX)
            known |= set(columns)


def _auc_above_error(cells: pl.Series, later: Any) -> float:
    """Area under the ROC curve of one column's bins, on held-out rows, less two errors."""
    place = _bins(cells)
    fold = np.random.default_rng(0).permutation(len(place)) % 2
    rates = np.empty(len(place))
    for k in range(2):
        fitted, held = fold != k, fold == k
        counts = np.bincount(place[fitted], minlength=place.max() + 1)
        hits = np.bincount(place[fitted], later[fitted], minlength=place.max() + 1)
        rate = (hits + later.mean()) / (counts + 1)
        rates[held] = rate[place[held]]
    n_later = int(later.sum())
    n_other = len(later) - n_later
    ranks = pl.Series(rates).rank().to_numpy()
    area = (ranks[later].sum() - n_later * (n_later + 1) / 2) / (n_later * n_other)
    error = np.sqrt((len(later) + 1) / (12 * n_later * n_other))
    return float(area - 2 * error)


def _bins(cells: pl.Series) -> Any:
    """A whole number for each row: of twenty bins, of a text, or of an empty cell."""
    if cells.dtype == pl.String:
        return codes(cells)
    values = numbers(cells)
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1]))
    return np.where(np.isfinite(values), np.searchsorted(cuts, values) + 1, 0)
