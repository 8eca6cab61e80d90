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
        areas = _areas(two.drop("_part", *known), later)
        columns = sorted((n for n in areas if areas[n] > LIMIT), key=lambda n: -areas[n])
        if columns:
            evidence = f"{named(columns)} tells a row of train from one of {other}: area under the "
            evidence += f"ROC curve at least {areas[columns[0]]:.2f}"
            severity: Severity = "ask" if by_time else "warn"
            yield Suspect(columns, "parts differ", severity, int(later.sum()), evidence, FIX)
            known |= set(columns)


def _areas(table: pl.DataFrame, later: Any) -> dict[str, float]:
    """Area under the ROC curve of each column's bins, on held-out rows, less two errors."""
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import TargetEncoder

    if not table.width:
        return {}
    bins = np.column_stack([_bins(cells) for cells in table])
    # Its folds come from NumPy's generator, which `runs.repeatable` seeds.
    encoder = TargetEncoder(target_type="binary", smooth=1.0, cv=2)
    rates = encoder.fit_transform(bins, later)
    n_later, n_other = later.sum(), (~later).sum()
    error = np.sqrt((len(later) + 1) / (12 * n_later * n_other))
    found = zip(table.columns, rates.T, strict=True)
    return {name: float(roc_auc_score(later, one) - 2 * error) for name, one in found}


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
