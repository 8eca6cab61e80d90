"""Cut the log into windows, and find those in which a column has moved."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from ..drift.drift import compare
from .segments import TIME
from .settings import Windows

WINDOW, DAY_US = "_window", 86_400_000_000
TRAIN, PHASE = "train", "the same phase before"


@dataclass
class Window:
    """The columns that moved in one window, and those that ring because they persist.

    psi: column -> index, against what it is compared with. against: TRAIN, PHASE, or both.
    """

    number: int
    n_rows: int
    against: list[str] = field(default_factory=list)
    psi: dict[str, float] = field(default_factory=dict)
    moved: dict[str, list[str]] = field(default_factory=dict)
    rings: list[str] = field(default_factory=list)


def numbered(table: pl.DataFrame, settings: Windows) -> pl.DataFrame:
    """The rows with their window: whole lengths since 1970, so that phases stay the same."""
    length = int(settings.days * DAY_US)
    return table.with_columns((pl.col(TIME).to_physical() // length).alias(WINDOW))


def find_drift(
    rows: Sequence[pl.DataFrame], references: Sequence[pl.DataFrame], settings: Windows
) -> list[Window]:
    """The judged windows in their order.

    rows: tables with WINDOW, such as inputs and predictions. references: what each is compared
    with, of training.

    Without a season each window is compared with `references`. With one it is compared with the
    first window of the same phase, and the last whole season with `references`, so that a cycle
    moves nothing. The level is shared by the tables and by both comparisons; Benjamini and
    Hochberg share it among columns. A column rings when it moved against the same in `persist`
    windows in a row. So chance rings in at most `level` of the windows, and less for `persist`.
    """
    counts = rows[0].group_by(WINDOW).len().sort(WINDOW)
    usable = [Window(*one) for one in counts.rows() if one[1] >= settings.min_rows]
    share = settings.level / len(rows) / (1 if settings.season == 1 else 2)
    for place, window in enumerate(usable[-settings.shown :], max(len(usable) - settings.shown, 0)):
        for against, low, high, base in _comparisons(usable[: place + 1], settings):
            window.against.append(against)
            for table, reference in zip(rows, references, strict=True):
                after = table.filter(pl.col(WINDOW).is_between(low, high))
                before = reference if base is None else table.filter(pl.col(WINDOW) == base)
                _compare(window, against, before.select(reference.columns), after, share, settings)
    judged = usable[-settings.shown :]
    for place, window in enumerate(judged):
        window.rings = _persistent(judged[max(place + 1 - settings.persist, 0) : place + 1])
        if place + 1 < settings.persist:
            window.rings = []
    return judged


def _comparisons(
    windows: Sequence[Window], settings: Windows
) -> list[tuple[str, int, int, int | None]]:
    """(against, first and last window to compare, the window to compare with; None: train)."""
    last, season = windows[-1].number, settings.season
    if season == 1:
        return [(TRAIN, last, last, None)]
    found: list[tuple[str, int, int, int | None]] = []
    before = [one.number for one in windows[:-1] if (one.number - last) % season == 0]
    if before:
        found.append((PHASE, last, last, before[0]))
    if windows[0].number + season - 1 <= last:
        found.append((TRAIN, last - season + 1, last, None))
    return found


def _compare(
    window: Window,
    against: str,
    before: pl.DataFrame,
    after: pl.DataFrame,
    level: float,
    settings: Windows,
) -> None:
    if not before.columns:
        return
    for one in compare(before, after.select(before.columns)):
        name, index = one["column"], one["psi"]
        window.psi[name] = max(index, window.psi.get(name, 0.0))
        is_large = index > max(settings.min_psi, one["psi_by_chance"])
        if is_large and one["p_adjusted"] < level:
            window.moved.setdefault(name, []).append(against)


def _persistent(windows: Sequence[Window]) -> list[str]:
    """The columns that moved against the same in all of these windows."""
    found = Counter(
        (name, against) for one in windows for name, all_ in one.moved.items() for against in all_
    )
    return sorted({name for (name, _), count in found.items() if count == len(windows)})
