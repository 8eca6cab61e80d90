"""Values that stand for "not known": -999, 9999, 0 in a positive measure, 1900-01-01."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Severity, Suspect, accept_line, numbers, sample

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


def _values(values: Any, scale: float, is_date: bool) -> dict[float, bool]:
    """Value -> whether it can hardly be a fact. scale: rows of the table for a row of these."""
    ordered = np.sort(values[np.isfinite(values)])
    distinct, counts = np.unique(ordered, return_counts=True)
    if len(distinct) < MIN_DISTINCT:
        return {}
    common = {*np.argsort(-counts, kind="stable")[:N_COMMON], 0, len(distinct) - 1}
    candidates = sorted(i for i in common if counts[i] * scale >= MIN_ROWS and counts[i] > 2)
    odd = [i for i in candidates if distinct[i] in CODES]
    found = {}
    for i in candidates:
        others = np.setdiff1d(np.arange(len(distinct)), [i, *odd])
        if len(others) < MIN_DISTINCT - 1:
            continue
        rest = ordered[np.isin(ordered, distinct[others], assume_unique=False)] if odd else None
        rest = _without(ordered, distinct[i]) if rest is None else rest
        if _stands_out(distinct[i], counts[i], rest, counts[others], len(distinct), is_date):
            found[float(distinct[i])] = distinct[i] not in UNSURE
    return found


def _without(ordered: Any, value: float) -> Any:
    low, high = np.searchsorted(ordered, [value, np.nextafter(value, np.inf)])
    return np.concatenate([ordered[:low], ordered[high:]])


def _stands_out(
    value: float, count: int, rest: Any, others: Any, n_distinct: int, is_date: bool
) -> bool:
    """Whether a value is far from the rest, a lone zero, a code, or far too frequent."""
    low, high = np.quantile(rest, [0.01, 0.99])
    outside = value < rest[0] or value > rest[-1]
    gap = max(rest[0] - value, value - rest[-1])
    next_count, n_rows = others.max(), len(rest) + count
    is_code = value in CODES or (is_date and _text(value, True) in DEFAULT_DATES)
    far = FAR if n_distinct >= MANY_DISTINCT else FAR_OF_FEW
    if outside and gap > far * (high - low) > 0:
        return True
    if value < 0 <= rest[0] and is_code:
        return True
    isolated = gap > ISOLATED * np.diff(np.unique(rest)).max()
    frequent = isolated or count > 3 * others[:5].mean()
    if value == 0 and rest[0] > 0 and frequent and count < MAX_SHARE * n_rows:
        step = np.median(np.diff(np.unique(rest)))
        return bool(rest[0] > max(ALONE * (low - rest[0]), 2 * step))
    if outside and is_code and count > 10 * next_count:
        return bool(n_distinct > 0.05 * n_rows)
    if outside and is_code and n_distinct >= MANY_DISTINCT:
        near = others[-5:] if value > rest[-1] else others[:5]
        return bool(isolated or (gap >= 2 and count > 3 * near.mean()))
    is_spike = (is_code or value == 0) and count < MAX_SHARE * n_rows
    return bool(is_spike and count > 5 * next_count and n_distinct > 0.2 * n_rows)


def _text(value: float, is_date: bool) -> str:
    return str(np.datetime64(int(value), "us"))[:10] if is_date else f"{value:g}"


def _suspect(cells: pl.Series, found: dict[float, bool]) -> Suspect:
    is_date = cells.dtype.is_temporal()
    texts = [_text(value, is_date) for value in found]
    rows = numbers(cells)
    counts = [int((rows == value).sum()) for value in found]
    rest = rows[np.isfinite(rows) & ~np.isin(rows, list(found))]
    ends = [_text(float(value), is_date) for value in (rest.min(), rest.max())]
    seen = ", ".join(f"{n} rows are {text}" for n, text in zip(counts, texts, strict=True))
    advice = f"data.missing: {{{cells.name}: [{', '.join(texts)}]}}"
    sure = all(found.values())
    if not sure:
        advice += f"; or if it is a fact: {accept_line([cells.name], 'sentinel')}"
    evidence = f"{seen}; the others lie from {ends[0]} to {ends[1]}"
    severity: Severity = "warn" if sure else "ask"
    return Suspect([cells.name], "sentinel", severity, sum(counts), evidence, advice)
