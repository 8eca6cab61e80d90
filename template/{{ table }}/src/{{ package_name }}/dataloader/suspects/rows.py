"""Rows that repeat others: exact duplicates and near copies."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...utils.suspects import ROWS, Severity, Suspect, numbers, sample

N_SAMPLE = 20_000
NAMES_ROWS = 0.98  # a whole number or text with more distinct values names rows
MIN_SHARE, MIN_ROWS = 0.005, 3
ABOVE_CHANCE = 10.0
N_QUERIES, N_NEAR, MIN_POINTS = 1_000, 20, 100
RADII = (0.02, 0.05, 0.1, 0.15)
MAX_CLASSES, N_MARKS, MIN_COLUMNS = 20, 33, 2
# Wider, and the tenth nearest row is often of another class, whatever the numbers are.
GAP = 0.1


def duplicates(table: pl.DataFrame, target: str) -> Iterator[Suspect]:
    """Equal rows with their effect on the target; a question where chance explains them."""
    kept = table.drop(_row_names(table))
    if kept.width < 2:
        return
    # Of 64 bits a row: two of two million differ and collide once in ten million tables.
    first = kept.hash_rows().is_first_distinct()
    n_equal = int((~first).sum())
    expected = _expected_pairs(kept) if n_equal else 0.0
    many = n_equal >= max(MIN_ROWS, MIN_SHARE * len(kept))
    by_chance = n_equal <= ABOVE_CHANCE * expected
    if n_equal == 0 or (by_chance and not many):
        return
    evidence = f"{n_equal} of {len(kept)} rows repeat an earlier one; "
    evidence += _effect(kept[target], kept[target].filter(first))
    if by_chance:
        evidence += f"; in columns as coarse as these chance makes about {expected:.0f} pairs"
    severity: Severity = "warn" if many and not by_chance else "ask"
    yield Suspect([ROWS], "duplicates", severity, n_equal, evidence, "data.duplicates: drop")


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
    shares = [cells.unique_counts().to_numpy() / len(table) for cells in table]
    return len(table) ** 2 / 2 * float(np.prod([(share**2).sum() for share in shares]))


def _effect(before: pl.Series, after: pl.Series) -> str:
    """How the target would change without the copies."""
    if before.dtype.is_numeric():
        means = [float(numbers(cells).mean()) for cells in (after, before)]
        return f"without them the mean of {before.name} is {means[0]:.4g}, not {means[1]:.4g}"
    rare = str(before.alias("label").value_counts(sort=True)["label"][-1])
    shares = [(cells == rare).sum() / len(cells) for cells in (after, before)]
    return f"without them {before.name} is {rare} in {shares[0]:.1%}, not {shares[1]:.1%}, of rows"


def near_copies(table: pl.DataFrame) -> Iterator[Suspect]:
    """Rows that lie far nearer to another than chance allows."""
    kept = table.drop(_row_names(table))
    distances = _near(kept)
    if len(distances) < MIN_POINTS:
        return
    found = [r for r in RADII if _is_above(distances, r, _expected(distances, r))]
    if found:
        # Classes make islands of a few rows; shuffled columns have them too, and no copies.
        columns = [pl.col(name).shuffle(seed=i) for i, name in enumerate(kept.columns)]
        shuffled = _near(kept.select(columns))
        found = [r for r in found if _is_above(distances, r, _share_near(shuffled, r))]
    if found:
        n_rows = round(_share_near(distances, found[0]) * len(table))
        evidence = f"about {n_rows} rows differ from another row by less than {found[0]:.0%} of "
        evidence += "the usual distance: copies, or rows of one group in several parts"
        fix = "data.split: {by: group, column: ...}"
        yield Suspect([ROWS], "near copies", "warn", n_rows, evidence, fix)


def _share_near(distances: Any, radius: float) -> float:
    """Rows whose nearest is nearer than a share of the distance to the tenth, but no copy."""
    nearest, tenth = distances[:, 0], distances[:, 9]
    return float(((nearest < radius * tenth) & (nearest > 0)).sum() / max(len(tenth), 1))


def _expected(distances: Any, radius: float) -> float:
    """The share of near rows where the number of neighbours is a power of the distance."""
    growth = np.median(np.log(distances[:, 19] / distances[:, 9]))
    dimension = 0.8 * np.log(2) / max(float(growth), 0.01)
    return float(1 - (1 - radius**dimension) ** 9)


def _is_above(distances: Any, radius: float, expected: float) -> bool:
    error = 5 * np.sqrt(max(expected, 0.001) / len(distances))
    return bool(_share_near(distances, radius) > 2 * expected + 0.02 + error)


def _near(table: pl.DataFrame) -> Any:
    """Distances of some rows to their nearest ones among all, ascending; (n_queries, N_NEAR).

    Rows of which the tenth is a copy are left out; none at all where columns are too coarse.
    """
    from sklearn.neighbors import NearestNeighbors

    points = _points(table)
    if points is None or len(points) < MIN_POINTS:
        return np.empty((0, N_NEAR))
    n_rows = len(points)
    n_queries = min(n_rows, max(200, min(N_QUERIES, 40_000_000 // n_rows)))
    chosen = np.random.default_rng(0).choice(n_rows, n_queries, replace=False)
    model = NearestNeighbors(n_neighbors=N_NEAR + 1, algorithm="brute").fit(points)
    places = model.kneighbors(points[chosen], return_distance=False)
    # The library's distances of equal rows are not exactly 0.
    exact = np.linalg.norm(points[places] - points[chosen][:, None, :], axis=2)
    exact[places == chosen[:, None]] = np.inf  # the row itself
    ordered = np.sort(exact, axis=1)[:, :N_NEAR]
    return ordered[ordered[:, 9] > 0]


def _points(table: pl.DataFrame) -> Any:
    """Numbers and dates on the scale of their quantiles, classes as 0 or GAP; a row each."""
    rows, columns, fine = sample(table, N_SAMPLE), [], 0
    for name, dtype in table.schema.items():
        if dtype == pl.String:
            top = rows[name].drop_nulls().unique().sort().to_list()
            if len(top) <= MAX_CLASSES:
                hits = [(table[name] == one).fill_null(False).cast(pl.Float32) for one in top]
                columns += [GAP * hit.to_numpy() for hit in hits]
            continue
        few = numbers(rows[name].drop_nulls())
        n_distinct = len(np.unique(few))
        if n_distinct > 1:
            fine += n_distinct > 0.1 * len(rows)
            marks = np.unique(np.quantile(few, np.linspace(0, 1, N_MARKS)))
            place = np.interp(numbers(table[name]), marks, np.linspace(0, 1, len(marks)))
            columns.append(np.nan_to_num(place, nan=0.5).astype(np.float32))
    return np.array(columns, dtype=np.float32).T if fine >= MIN_COLUMNS else None
