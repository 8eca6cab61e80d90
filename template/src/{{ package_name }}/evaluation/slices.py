"""The metric on parts of the rows: where does the model do worse than its average?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import intervals
from .calibration import equal_parts
from .metrics import Metric
from .rows import Rows
from .settings import Settings

Array = NDArray[Any]
# Beyond this many values a column is no longer a way to slice (names, free text).
MAX_VALUES = 20
N_NUMERIC_PARTS = 4


def slices(
    metric: Metric, rows: Rows, columns: Mapping[str, Array], settings: Settings
) -> list[dict[str, Any]]:
    """One entry per value of each column, worst first.

    columns: name -> shape (n_rows,). Numbers and moments with many values are cut into quarters.
    An entry whose metric is not defined (one class only) or that has fewer than min_slice_rows
    rows carries null as its value, so that no group vanishes without a word.
    """
    entries = [
        _entry(metric, rows, name, value, members, settings)
        for name, column in columns.items()
        for value, members in parts(np.asarray(column))
    ]
    return sorted(entries, key=lambda entry: _badness(metric, entry["value_of_metric"]))


def parts(column: Array) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """(value, positions) for each value of a column; missing values are a part of their own."""
    is_numeric = column.dtype.kind in "iufM"
    missing = ~np.isfinite(column) if is_numeric else np.array([v is None for v in column])
    present = np.flatnonzero(~missing)
    if missing.any():
        yield "(missing)", np.flatnonzero(missing)
    if is_numeric and len(np.unique(column[present])) > N_NUMERIC_PARTS:
        values = column[present].astype(np.float64)
        for members in equal_parts(values, N_NUMERIC_PARTS):
            ends = column[present][members]
            yield f"{_name(ends.min().item())} to {_name(ends.max().item())}", present[members]
        return
    names = np.array([_name(value) for value in column[present].tolist()])
    unique = np.unique(names)
    if len(unique) <= MAX_VALUES:
        for name in unique.tolist():
            yield name, present[names == name]


def _name(value: object) -> str:
    if isinstance(value, datetime):
        return str(value.date())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _entry(
    metric: Metric,
    rows: Rows,
    name: str,
    value: str,
    members: NDArray[np.intp],
    settings: Settings,
) -> dict[str, Any]:
    found: dict[str, Any] = {"value": None, "low": None, "high": None}
    if len(members) >= settings.min_slice_rows:
        found = _interval_or_none(metric, _take(rows, members), settings) or found
    return {
        "column": name,
        "value": value,
        "n_rows": len(members),
        "metric": metric.name,
        "value_of_metric": found["value"],
        "low": found["low"],
        "high": found["high"],
    }


def _interval_or_none(metric: Metric, rows: Rows, settings: Settings) -> dict[str, float] | None:
    value = float(metric.function(rows, np.ones((1, len(rows))))[0])
    if not np.isfinite(value):
        return None
    return intervals.of_rows(
        metric,
        rows,
        n_resamples=settings.n_resamples,
        level=settings.level,
        seed=settings.seed,
    )


def _take(rows: Rows, members: NDArray[np.intp]) -> Rows:
    score = None if rows.score is None else rows.score[members]
    return Rows(rows.truth[members], rows.guess[members], score, rows.classes)


def _badness(metric: Metric, value: float | None) -> float:
    if value is None:
        return float("inf")
    return value if metric.higher_is_better else -value
