"""A change of level or unit: a block of rows in which a column is larger or smaller by a factor."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Severity, Suspect, accept_line, named, numbers, sample
from ...utils.suspects import codes as codes_of

N_SAMPLE = 20_000
MIN_ROWS = 200
N_EDGES = 40
SHORTEST, LONGEST = 0.04, 0.6  # of the rows
MIN_Z, MIN_FACTOR, SUDDEN = 6.0, 1.5, 0.6
NEAR_EDGE = 0.025
MAX_VALUES = 50  # a column of so few values that changes at the same row explains the step
# Names of factors that units differ by; 2 is not one, and a season can have any.
UNITS = {
    100.0: "cents or centimetres",
    1000.0: "thousands",
    10.0: "tenths",
    2.54: "inches",
    0.4536: "pounds",
    2.2046: "pounds",
    1.609: "miles",
    3.281: "feet",
    60.0: "minutes",
    3600.0: "hours",
    24.0: "days",
}
CLOSE = 0.02
SURE_FACTOR = 9.0  # a season or a real step may have any smaller one


def levels(table: pl.DataFrame, order: str | None = None) -> Iterator[Suspect]:
    """Steps in number columns, in the file's order or by `order`, a column of times."""
    rows = sample(table.with_row_index("_place"), N_SAMPLE)
    rows = rows if order is None else rows.sort(order, maintain_order=True)
    if len(rows) < MIN_ROWS:
        return
    found: dict[tuple[int, int], list[tuple[str, float]]] = {}
    for name in [name for name, dtype in table.schema.items() if dtype.is_numeric()]:
        step = _step(numbers(rows[name]))
        if step is not None and not _explained(rows, name, step[:2]):
            found.setdefault(_merged(step[:2], found), []).append((name, step[2]))
    for (start, end), columns in found.items():
        yield _suspect(rows, start, end, columns, order)


def _merged(edges: tuple[int, int], found: Any) -> tuple[int, int]:
    near = [one for one in found if abs(one[0] - edges[0]) + abs(one[1] - edges[1]) < 10]
    return near[0] if near else edges


def _step(values: Any) -> tuple[int, int, float] | None:
    """(first row, row after the last, factor) of the block that differs most, if it does."""
    size = np.abs(values)
    known = np.flatnonzero(np.isfinite(size) & (size > 0))
    if len(known) < MIN_ROWS or len(np.unique(size[known])) < 20:
        return None
    logs = np.log(size[known])
    ranks = (logs.argsort(kind="stable").argsort() + 0.5) / len(logs) - 0.5
    total = np.concatenate([[0.0], np.cumsum(ranks)])
    edges = np.unique(np.linspace(0, len(ranks), N_EDGES + 1).round().astype(int))
    start, end, z = _best_block(total, edges, edges)
    if z < MIN_Z:
        return None
    width = len(ranks) // N_EDGES + 1
    starts = np.arange(max(0, start - width), min(len(ranks), start + width)) if start else [0]
    ends = np.arange(max(0, end - width), min(len(ranks), end + width) + 1)
    ends = ends if end < len(ranks) else np.array([len(ranks)])
    start, end, z = _best_block(total, np.asarray(starts), ends)
    inside = np.zeros(len(logs), dtype=bool)
    inside[start:end] = True
    step = float(np.median(logs[inside]) - np.median(logs[~inside]))
    if abs(step) < np.log(MIN_FACTOR) or not _sudden(logs, start, end, step):
        return None
    stop = int(known[end]) if end < len(known) else len(values)
    return int(known[start]), stop, float(np.exp(step))


def _best_block(total: Any, starts: Any, ends: Any) -> tuple[int, int, float]:
    """The block [start, end) whose mean rank differs most from the rest, and by how much."""
    n_rows = len(total) - 1
    length = ends[None, :] - starts[:, None]
    valid = (length >= SHORTEST * n_rows) & (length <= LONGEST * n_rows)
    gap = np.abs(total[ends][None, :] - total[starts][:, None] - total[-1] * length / n_rows)
    spread = np.sqrt(np.maximum(length * (n_rows - length) / n_rows, 1) / 12)
    z = np.where(valid, gap / spread, 0.0)
    i, j = np.unravel_index(z.argmax(), z.shape)
    return int(starts[i]), int(ends[j]), float(z[i, j])


def _sudden(logs: Any, start: int, end: int, step: float) -> bool:
    """Whether the level jumps at the block's edges; a trend and most seasons do not."""
    width = max(10, int(NEAR_EDGE * len(logs)))
    jumps = []
    for edge, sign in ((start, 1), (end, -1)):
        if width <= edge <= len(logs) - width:
            after, before = logs[edge : edge + width], logs[edge - width : edge]
            jumps.append(sign * float(np.median(after) - np.median(before)) / step)
    return bool(jumps) and min(jumps) >= SUDDEN


def _explained(rows: pl.DataFrame, name: str, edges: tuple[int, int]) -> bool:
    """Whether another column, of few values, changes at these rows: a file sorted by shop."""
    width = max(3, len(rows) // 200)
    for other in [one for one in rows.columns if one not in (name, "_place")]:
        cells = rows[other]
        if cells.dtype.is_temporal() or cells.n_unique() > MAX_VALUES:
            continue
        values = codes_of(cells)
        inner = [edge for edge in edges if width < edge < len(rows) - width]
        if inner and all(_changes(values, edge, width) for edge in inner):
            return True
    return False


def _changes(values: Any, edge: int, width: int) -> bool:
    """Whether the values after a row are others than those before it."""
    before = values[max(0, edge - 5 * width) : edge - width]
    after = values[edge + width :][: 4 * width]
    return bool(np.isin(after, np.unique(before)).mean() <= 0.2)


def _suspect(
    rows: pl.DataFrame, start: int, end: int, found: list[tuple[str, float]], order: str | None
) -> Suspect:
    columns, factor = [name for name, _ in found], found[0][1]
    ends = (start, min(end, len(rows)) - 1)
    if order is None:
        where = f"rows {rows['_place'][ends[0]] + 1} to {rows['_place'][ends[1]] + 1}"
    else:
        where = f"{order} {rows[order][ends[0]]} to {rows[order][ends[1]]}"
    unit = _unit(factor) if len(found) == 1 else None
    evidence = f"{named(columns)}: {factor:.3g} times the level of the other rows in {where}"
    evidence += f"; the factor of {unit}" if unit else ""
    advice = f"correct the rows in the file; or if it is so: {accept_line(columns, 'level')}"
    sure = unit is not None and max(factor, 1 / factor) > SURE_FACTOR
    severity: Severity = "warn" if sure else "ask"
    return Suspect(columns, "level", severity, end - start, evidence, advice)


def _unit(factor: float) -> str | None:
    for known, name in UNITS.items():
        for value in (known, 1 / known):
            if abs(factor / value - 1) < CLOSE:
                return name
    return None
