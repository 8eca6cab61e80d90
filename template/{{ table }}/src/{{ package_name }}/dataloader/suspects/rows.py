"""Rows that repeat others: exact duplicates, near copies, and columns that name groups."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import ROWS, Severity, Suspect, accept_line, codes, named, numbers, sample

N_SAMPLE = 20_000
NAMES_ROWS = 0.98  # a whole number or text with more distinct values names rows
MIN_SHARE, MIN_ROWS = 0.005, 3
ABOVE_CHANCE = 10.0
N_QUERIES, N_CELLS_A_BLOCK = 1_000, 4_000_000
N_NEAR, MIN_POINTS = 20, 100
RADII = (0.02, 0.05, 0.1, 0.15)
MAX_CLASSES, N_MARKS = 20, 33
MIN_GROUPS, MIN_EXPLAINED, MIN_COLUMNS = 20, 0.5, 2


def duplicates(table: pl.DataFrame, target: str) -> Iterator[Suspect]:
    """Equal rows with their effect on the target; a question where chance explains them."""
    kept = table.drop(_row_names(table))
    if kept.width < 2:
        return
    # Of 64 bits a row: two of two million differ and collide once in ten million tables.
    first = kept.hash_rows().is_first_distinct()
    n_equal = int((~first).sum())
    if n_equal == 0:
        return
    expected = _expected_pairs(kept)
    many = n_equal >= max(MIN_ROWS, MIN_SHARE * len(kept))
    by_chance = n_equal <= ABOVE_CHANCE * expected
    if by_chance and not many:
        return
    evidence = f"{n_equal} of {len(kept)} rows repeat an earlier one; "
    evidence += _effect(kept[target], kept[target].filter(first))
    if by_chance:
        evidence += f"; in columns as coarse as these chance makes about {expected:.0f} pairs"
    advice = f"data.duplicates: drop; or {accept_line([ROWS], 'duplicates')}"
    severity: Severity = "warn" if many and not by_chance else "ask"
    yield Suspect([ROWS], "duplicates", severity, n_equal, evidence, advice)


def _row_names(table: pl.DataFrame) -> list[str]:
    """Columns that name rows: texts and whole numbers that hardly repeat."""
    found = []
    for name, dtype in table.schema.items():
        cells = table[name]
        whole = dtype == pl.Float64 and (cells.head(1000) == cells.head(1000).round()).all()
        if (whole or dtype == pl.String) and cells.n_unique() > NAMES_ROWS * len(cells):
            found.append(name)
    return found


def _expected_pairs(table: pl.DataFrame) -> float:
    """Pairs of equal rows if the columns were independent."""
    share = 1.0
    for name in table.columns:
        counts = table[name].value_counts(name="n")["n"].to_numpy() / len(table)
        share *= float((counts**2).sum())
    return len(table) ** 2 / 2 * share


def _effect(before: pl.Series, after: pl.Series) -> str:
    """How the target would change without the copies."""
    if before.dtype.is_numeric():
        means = [float(numbers(cells).mean()) for cells in (after, before)]
        return f"without them the mean of {before.name} is {means[0]:.4g}, not {means[1]:.4g}"
    rare = str(before.value_counts(sort=True)[before.name][-1])
    shares = [(cells == rare).sum() / len(cells) for cells in (after, before)]
    return f"without them {before.name} is {rare} in {shares[0]:.1%}, not {shares[1]:.1%}, of rows"


def near_copies(table: pl.DataFrame) -> Iterator[Suspect]:
    """Rows that lie far nearer to another than chance allows."""
    points = _points(table.drop(_row_names(table)))
    if points is None or len(points) < MIN_POINTS:
        return
    distances = _near(points)
    d1, d10, d20 = distances[:, 0], distances[:, 9], distances[:, 19]
    known = d10 > 0
    if known.sum() < MIN_POINTS:
        return
    d1, d10, d20 = d1[known], d10[known], d20[known]
    growth = np.median(np.log(np.maximum(d20, 1e-12) / d10))
    dimension = 0.8 * np.log(2) / max(float(growth), 0.01)
    for radius in RADII:
        expected = 1 - (1 - radius**dimension) ** 9
        near = (d1 < radius * d10) & (d1 > 0)
        error = 5 * np.sqrt(max(expected, 0.001) / len(d1))
        if near.mean() > 2 * expected + 0.02 + error:
            n_rows = round(float(near.mean()) * len(table))
            evidence = f"about {n_rows} rows differ from another row by less than {radius:.0%} of "
            evidence += "the usual distance: copies, or rows of one group in several parts"
            advice = "data.split: {by: group, column: ...}; or "
            advice += accept_line([ROWS], "near copies")
            yield Suspect([ROWS], "near copies", "warn", n_rows, evidence, advice)
            return


def _points(table: pl.DataFrame) -> Any:
    """Numbers and dates on the scale of their quantiles, classes as 0 or 0.5; a row each."""
    rows, columns, fine = sample(table, N_SAMPLE), [], 0
    for name, dtype in table.schema.items():
        if dtype == pl.String:
            top = rows[name].drop_nulls().unique().sort().to_list()
            if len(top) <= MAX_CLASSES:
                hits = [(table[name] == one).fill_null(False).cast(pl.Float32) for one in top]
                columns += [0.5 * hit.to_numpy() for hit in hits]
            continue
        values, few = numbers(table[name]), numbers(rows[name].drop_nulls())
        if len(np.unique(few)) > 1:
            fine += len(np.unique(few)) > 0.1 * len(rows)
            marks = np.unique(np.quantile(few, np.linspace(0, 1, N_MARKS)))
            place = np.interp(values, marks, np.linspace(0, 1, len(marks)))
            columns.append(np.nan_to_num(place, nan=0.5).astype(np.float32))
    return np.array(columns, dtype=np.float32).T if fine >= MIN_COLUMNS else None


def _near(points: Any) -> Any:
    """Distances of some rows to their nearest ones among all; shape (n_queries, N_NEAR)."""
    n_rows = len(points)
    n_queries = min(n_rows, max(200, min(N_QUERIES, 40_000_000 // n_rows)))
    chosen = np.random.default_rng(0).choice(n_rows, n_queries, replace=False)
    queries, size = points[chosen], max(N_NEAR + 1, N_CELLS_A_BLOCK // n_queries)
    best = np.full((n_queries, N_NEAR + 1), np.inf, dtype=np.float32)
    places = np.zeros((n_queries, N_NEAR + 1), dtype=np.int64)
    for start in range(0, n_rows, size):
        block = points[start : start + size]
        distance = -2 * queries @ block.T
        distance += (block**2).sum(axis=1)
        for i in np.flatnonzero((distance < best[:, -1:]).any(axis=1)):
            near = np.flatnonzero(distance[i] < best[i, -1])
            both = np.concatenate([best[i], distance[i, near]])
            kept = np.argpartition(both, N_NEAR)[: N_NEAR + 1]
            best[i], places[i] = both[kept], np.concatenate([places[i], near + start])[kept]
    exact = np.linalg.norm(points[places] - queries[:, None, :], axis=2)
    exact[places == chosen[:, None]] = np.inf  # the row itself
    return np.sort(exact, axis=1)[:, :N_NEAR]


def groups(table: pl.DataFrame, target: str) -> Iterator[Suspect]:
    """Columns whose repeated values name groups of rows that resemble each other."""
    rows = sample(table, N_SAMPLE * 5)
    others = {n: _ranks(rows[n]) for n, dtype in table.schema.items() if dtype.is_numeric()}
    for name, dtype in table.schema.items():
        cells = rows[name]
        whole = dtype == pl.Float64 and (cells.drop_nulls() % 1 == 0).all()
        if name == target or not (whole or dtype == pl.String):
            continue
        alike = _alike(codes(cells), {n: v for n, v in others.items() if n != name})
        if len(alike) >= MIN_COLUMNS:
            evidence = f"rows with the same {name} hardly differ in {named(alike)}"
            advice = f"data.split: {{by: group, column: {name}}}; or "
            advice += accept_line([name], "groups")
            yield Suspect([name], "groups", "warn", len(table), evidence, advice)


def _ranks(cells: pl.Series) -> Any:
    return cells.rank().fill_null(len(cells) / 2).to_numpy()


def _alike(group: Any, others: dict[str, Any]) -> list[str]:
    """Columns of which a group explains more than half, and more than its neighbours do."""
    counts = np.bincount(group)
    repeated = counts[group] >= 2
    n_groups = int((counts >= 2).sum())
    if n_groups < MIN_GROUPS:
        return []
    # In random order within a group: rows that follow each other in the file may be alike.
    order = np.lexsort((np.random.default_rng(0).random(repeated.sum()), group[repeated]))
    place = group[repeated][order]
    same = place[1:] == place[:-1]
    found = []
    for name, values in others.items():
        steps = np.diff(values[repeated][order]) ** 2
        total = 2 * values[repeated].var()
        if total == 0 or same.all() or not same.any():
            continue
        within, across = steps[same].mean(), steps[~same].mean()
        if within < (1 - MIN_EXPLAINED) * min(total, across):
            found.append(name)
    return found
