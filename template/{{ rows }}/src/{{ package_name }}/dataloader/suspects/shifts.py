"""A change of level or unit: a block of rows in which a column is larger or smaller by a factor."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import Severity, Suspect, codes, named, numbers, sample

N_SAMPLE = 20_000
MIN_ROWS, MIN_DISTINCT = 200, 20
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
Block = tuple[int, int]  # the first row, and the row after the last


def levels(table: pl.DataFrame, order: str | None = None) -> Iterator[Suspect]:
    """Steps in number columns, in the file's order or by `order`, a column of times."""
    rows = sample(table.with_row_index("_place"), N_SAMPLE)
    rows = rows if order is None else rows.sort(order, maintain_order=True)
    if len(rows) < MIN_ROWS:
        return
    found: dict[Block, dict[str, float]] = {}
    for name in [name for name, dtype in table.schema.items() if dtype.is_numeric()]:
        step = _step(numbers(rows[name]))
        if step is not None and not _explained(rows.drop(name, "_place"), step[0]):
            found.setdefault(_merged(step[0], found), {})[name] = step[1]
    for block, factors in found.items():
        yield _suspect(rows, block, factors, order)


def _merged(block: Block, found: dict[Block, Any]) -> Block:
    """A block found before whose edges are nearly the same, or this one."""
    near = [one for one in found if abs(one[0] - block[0]) + abs(one[1] - block[1]) < 10]
    return near[0] if near else block


def _step(values: Any) -> tuple[Block, float] | None:
    """The block that differs most from the other rows and by which factor, if it does."""
    size = np.abs(values)
    known = np.flatnonzero(np.isfinite(size) & (size > 0))
    if len(known) < MIN_ROWS or len(np.unique(size[known])) < MIN_DISTINCT:
        return None
    logs = np.log(size[known])
    block = _block(logs)
    if block is None:
        return None
    inside = np.zeros(len(logs), dtype=bool)
    inside[slice(*block)] = True
    step = float(np.median(logs[inside]) - np.median(logs[~inside]))
    if abs(step) < np.log(MIN_FACTOR) or not _sudden(logs, block, step):
        return None
    stop = int(known[block[1]]) if block[1] < len(known) else len(values)
    return (int(known[block[0]]), stop), float(np.exp(step))


def _block(logs: Any) -> Block | None:
    """The block whose mean rank differs most: on a coarse grid of edges, then near them."""
    n_rows = len(logs)
    ranks = (logs.argsort(kind="stable").argsort() + 0.5) / n_rows - 0.5
    total = np.concatenate([[0.0], np.cumsum(ranks)])
    edges = np.linspace(0, n_rows, N_EDGES + 1).round().astype(int)
    block, z = _best_block(total, edges, edges)
    if z < MIN_Z:
        return None
    starts, ends = (_around(edge, n_rows) for edge in block)
    return _best_block(total, starts, ends)[0]


def _around(edge: int, n_rows: int) -> Any:
    """The edges near one of the grid; one at the file's end stays there."""
    width = 0 if edge in (0, n_rows) else n_rows // N_EDGES + 1
    return np.arange(edge - width, edge + width + 1).clip(0, n_rows)


def _best_block(total: Any, starts: Any, ends: Any) -> tuple[Block, float]:
    """The block whose mean rank differs most from the rest, and by how many standard errors."""
    n_rows = len(total) - 1
    length = ends[None, :] - starts[:, None]
    valid = (length >= SHORTEST * n_rows) & (length <= LONGEST * n_rows)
    gap = np.abs(total[ends][None, :] - total[starts][:, None] - total[-1] * length / n_rows)
    spread = np.sqrt(np.maximum(length * (n_rows - length) / n_rows, 1) / 12)
    z = np.where(valid, gap / spread, 0.0)
    i, j = np.unravel_index(z.argmax(), z.shape)
    return (int(starts[i]), int(ends[j])), float(z[i, j])


def _sudden(logs: Any, block: Block, step: float) -> bool:
    """Whether the level jumps at the block's edges; a trend and most seasons do not."""
    width = max(10, int(NEAR_EDGE * len(logs)))
    jumps = []
    for edge, sign in zip(block, (1, -1), strict=True):
        if width <= edge <= len(logs) - width:
            after, before = logs[edge : edge + width], logs[edge - width : edge]
            jumps.append(sign * float(np.median(after) - np.median(before)) / step)
    return bool(jumps) and min(jumps) >= SUDDEN


def _explained(others: pl.DataFrame, block: Block) -> bool:
    """Whether another column, of few values, changes at these rows: a file sorted by shop."""
    width = max(3, len(others) // 200)
    inner = [edge for edge in block if width < edge < len(others) - width]
    few = (cells for cells in others if not cells.dtype.is_temporal())
    kept = (codes(cells) for cells in few if cells.n_unique() <= MAX_VALUES)
    return bool(inner) and any(all(_changes(one, edge, width) for edge in inner) for one in kept)


def _changes(values: Any, edge: int, width: int) -> bool:
    """Whether the values after a row are others than those before it."""
    before = values[max(0, edge - 5 * width) : edge - width]
    after = values[edge + width :][: 4 * width]
    return bool(np.isin(after, before).mean() <= 0.2)


def _suspect(
    rows: pl.DataFrame, block: Block, factors: dict[str, float], order: str | None
) -> Suspect:
    columns, factor = list(factors), next(iter(factors.values()))
    places = rows["_place"] + 1 if order is None else rows[order]
    first, last = places[block[0]], places[min(block[1], len(rows)) - 1]
    evidence = f"{named(columns)}: {factor:.3g} times the level of the other rows in "
    evidence += f"{order or 'rows'} {first} to {last}"
    unit = _unit(factor) if len(columns) == 1 else ""
    evidence += f"; the factor of {unit}" if unit else ""
    sure = unit and max(factor, 1 / factor) > SURE_FACTOR
    severity: Severity = "warn" if sure else "ask"
    fix = "correct the rows in the file"
    return Suspect(columns, "level", severity, block[1] - block[0], evidence, fix)


def _unit(factor: float) -> str:
    """What a known factor, or one divided by it, is the factor of; else empty."""
    close = (
        name
        for known, name in UNITS.items()
        if min(abs(factor / known - 1), abs(factor * known - 1)) < CLOSE
    )
    return next(close, "")
