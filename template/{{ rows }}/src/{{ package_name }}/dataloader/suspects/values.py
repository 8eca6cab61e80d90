"""Values that stand for "not known": -999, 9999, 0 in a positive measure, 1900-01-01."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Severity, Suspect, numbers, sample

N_SAMPLE = 50_000
MIN_ROWS = 20  # rows that hold the value
MIN_DISTINCT = 10
N_COMMON = 12
CODES = {-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0}
UNSURE = (0.0, 99.0)  # as often a fact
DEFAULT_DATES = {"1900-01-01", "1970-01-01", "1899-12-30", "2099-12-31", "9999-12-31"}
# Beyond the rest, in widths of its inner 98 %; a list of few prices may have a dear one.
FAR, FAR_OF_FEW, MANY_DISTINCT = 0.5, 5.0, 30
MAX_SHARE = 0.3  # of the rows that are 0; more is a fact, such as days without rain
ISOLATED = 3.0  # beyond the rest, in the largest steps between its values
ALONE = 0.3  # distance from zero to the rest, against the width of its lowest 1 %


def sentinels(table: pl.DataFrame) -> Iterator[Suspect]:
    """Suspicious values of number and date columns. table: typed rows."""
    rows = sample(table, N_SAMPLE)
    for name, dtype in table.schema.items():
        if dtype.is_numeric() or dtype.is_temporal():
            found = _values(numbers(rows[name]), len(table) / len(rows), dtype.is_temporal())
            if found:
                yield _suspect(table[name], found)


def _values(values: Any, scale: float, is_date: bool) -> list[float]:
    """Values that stand out. scale: rows of the table for a row of these."""
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(distinct) < MIN_DISTINCT:
        return []
    common = {*np.argsort(-counts, kind="stable")[:N_COMMON], 0, len(distinct) - 1}
    candidates = sorted(i for i in common if counts[i] * scale >= MIN_ROWS and counts[i] > 2)
    odd = [i for i in candidates if distinct[i] in CODES]
    found = []
    for i in candidates:
        rest = np.delete(np.arange(len(distinct)), [i, *odd])
        is_code = distinct[i] in CODES or (is_date and _text(distinct[i], True) in DEFAULT_DATES)
        if len(rest) >= MIN_DISTINCT - 1 and _stands_out(
            distinct[i], counts[i], distinct[rest], counts[rest], is_code
        ):
            found.append(float(distinct[i]))
    return found


def _stands_out(value: float, count: int, others: Any, counts: Any, is_code: bool) -> bool:
    """Whether a value is far from the others, a lone zero, a code, or far too frequent.

    others, counts: the other values, ascending, and how many rows hold each.
    """
    steps, n_distinct = np.diff(others), len(others) + 1
    low, high = np.quantile(np.repeat(others, counts), [0.01, 0.99])
    gap = max(others[0] - value, value - others[-1])
    near = counts[-5:] if value > others[-1] else counts[:5]
    isolated, frequent = gap > ISOLATED * steps.max(), count > 3 * near.mean()
    n_rows = counts.sum() + count
    few = count < MAX_SHARE * n_rows
    if gap > (FAR if n_distinct >= MANY_DISTINCT else FAR_OF_FEW) * (high - low) > 0:
        return True
    if value < 0 <= others[0] and is_code:
        return True
    if value == 0 and others[0] > 0 and few and (isolated or frequent):
        return bool(others[0] > max(ALONE * (low - others[0]), 2 * np.median(steps)))
    if gap > 0 and is_code and count > 10 * counts.max():
        return bool(n_distinct > 0.05 * n_rows)
    if gap > 0 and is_code and n_distinct >= MANY_DISTINCT:
        return bool(isolated or (gap >= 2 and frequent))
    is_spike = few and count > 5 * counts.max() and n_distinct > 0.2 * n_rows
    return bool(is_spike and (is_code or value == 0))


def _text(value: float, is_date: bool) -> str:
    return str(np.datetime64(int(value), "us"))[:10] if is_date else f"{value:g}"


def _suspect(cells: pl.Series, found: list[float]) -> Suspect:
    is_date, rows = cells.dtype.is_temporal(), numbers(cells)
    counts = {_text(value, is_date): int((rows == value).sum()) for value in found}
    rest = rows[np.isfinite(rows) & ~np.isin(rows, found)]
    ends = [_text(float(value), is_date) for value in (rest.min(), rest.max())]
    evidence = ", ".join(f"{n} rows are {text}" for text, n in counts.items())
    evidence += f"; the others lie from {ends[0]} to {ends[1]}"
    fix = f"data.missing: {{{cells.name}: [{', '.join(counts)}]}}"
    severity: Severity = "ask" if set(found) & set(UNSURE) else "warn"
    n_rows = sum(counts.values())
    return Suspect([cells.name], "sentinel", severity, n_rows, evidence, fix)
