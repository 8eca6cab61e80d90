"""Cut the log into windows, and find those in which a column has moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ..configs.settings import Data
from ..dataloader.examples import measures
from ..dataloader.manifest import part_path, read_part
from ..drift.drift import MIN_PSI, compare
from ..model import store
from ..registry.versions import BACKGROUND
from ..utils.files import sha256_of_file
from ..utils.suspects import sample
from .quality import outputs
from .settings import Windows

WINDOW = "_window"
N_SHOWN = 30  # windows that are judged, the newest ones
MAX_REFERENCE = 20_000  # rows; more change no index


@dataclass
class Window:
    """What moved in one window, and the columns that ring because they persist.

    psi: the largest index of each column. moved: (column, whether it was compared with train).
    """

    number: int
    n_rows: int
    psi: dict[str, float] = field(default_factory=dict)
    moved: list[tuple[str, bool]] = field(default_factory=list)
    rings: list[str] = field(default_factory=list)


def reference(
    folder: Path, columns: list[str], data: Data
) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """(where it is from, measures of inputs, and of outputs) of a registered version's training.

    inputs: rows of train. outputs: predictions for valid, which the model has not learnt. Where
    data/ holds other data now, both are of the version's background rows.
    """
    model, description = store.load(folder)
    root, hashes = folder.parents[1], description["data"]
    paths = {name: part_path(root, name) for name in ("train", "valid")}
    text = "train, and predictions for valid"
    if all(p.is_file() and sha256_of_file(p) == hashes[name] for name, p in paths.items()):
        train, valid = (sample(read_part(root, name), MAX_REFERENCE) for name in paths)
    else:
        train = valid = pl.read_parquet(folder / BACKGROUND)
        text = f"{len(train)} background rows"
    inputs, _ = measures(train.select(columns), train.select(), data)
    _, predicted = measures(valid.select(columns), outputs(model.predict(valid)), data)
    return text, inputs, predicted


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
    level = settings.level / len(rows) / (1 if settings.season == 1 else 2)
    judged = usable[-N_SHOWN:]
    for window in judged:
        known = [one.number for one in usable if one.number <= window.number]
        for base, first in _comparisons(known, settings.season):
            for table, of_train in zip(rows, references, strict=True):
                after = table.filter(pl.col(WINDOW).is_between(first, window.number))
                before = of_train if base is None else table.filter(pl.col(WINDOW) == base)
                _compare(window, before[of_train.columns], after, level, base is None)
    for end in range(settings.persist, len(judged) + 1):
        latest = [set(one.moved) for one in judged[end - settings.persist : end]]
        judged[end - 1].rings = sorted({name for name, _ in set.intersection(*latest)})
    return judged


def _comparisons(known: list[int], season: int) -> Iterator[tuple[int | None, int]]:
    """(the window to compare with, None: train; the first window to compare).

    known: the numbers of the windows so far; the last one is judged.
    """
    last = known[-1]
    same_phase = [one for one in known[:-1] if (one - last) % season == 0]
    if same_phase and season > 1:
        yield same_phase[0], last
    if known[0] + season - 1 <= last:
        yield None, last - season + 1


def _compare(
    window: Window, before: pl.DataFrame, after: pl.DataFrame, level: float, is_train: bool
) -> None:
    for one in compare(before, after[before.columns]):
        name, index = one["column"], one["psi"]
        window.psi[name] = max(index, window.psi.get(name, 0.0))
        is_large = index > max(MIN_PSI, one["psi_by_chance"])
        if is_large and one["p_adjusted"] < level:
            window.moved.append((name, is_train))
