"""Convert a model if its graph gives the same answers, on real rows and on hostile ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..answers import answer
from ..features import MISSING, Columns
from ..scorer import Answers, Engine, answering, matrices, open_session, table

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]
TOLERANCE = 1e-5
N_ROWS = 1000
HUGE = 1e15
YEAR_1, YEAR_9999 = -62_135_596_800.0, 253_402_300_799.0
UNSEEN = ("never seen \N{SNOWMAN}", "", "x" * 1000)


class Converted(NamedTuple):
    """Which engine to use; the reason where it is not ONNX; the largest difference seen."""

    engine: Engine
    reason: str | None
    max_difference: float | None


def convert(
    model: Any, columns: Columns, classes: Sequence[str] | None, X: pl.DataFrame, path: Path
) -> Converted:
    """Write `path`, unless the graph cannot be made or differs; then nothing is left there.

    X: real rows, as `to_X` makes them. Classes in any other order are a difference.
    """
    from .export import export

    try:
        export(model, columns, classes, path)
        difference = largest_difference(model, columns, classes, X, path)
    # Libraries beneath fail in ways of their own, and the other engine needs none of them.
    except Exception as error:
        path.unlink(missing_ok=True)
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        return Converted("skops", reason, None)
    if not difference <= TOLERANCE:
        path.unlink()
        reason = f"the graph differs from the model by {difference:.2g}, more than {TOLERANCE:g}"
        return Converted("skops", reason, difference)
    return Converted("onnx", None, difference)


def largest_difference(
    model: Any, columns: Columns, classes: Sequence[str] | None, X: pl.DataFrame, path: Path
) -> float:
    """Between the graph and the model: of probabilities, or of numbers as a share.

    The share is that of the spread of all answers, or of the distance from their middle where that
    is larger: as a share of the number itself, ages counted from the year 0 would all be alike.
    """
    session = open_session(path)
    notes = session.get_modelmeta().custom_metadata_map
    graph = answering(session, json.loads(notes["classes"]), json.loads(notes["known"]))
    real = matrices(X[:N_ROWS], columns)
    odd = hostile(*real, columns)
    wanted = [answer(model, table(*rows, columns), _list(classes)) for rows in (real, odd)]
    usual = wanted[0][0]
    pairs = zip((real, odd), wanted, strict=True)
    return max(_difference(graph(*rows), Answers(*said), usual) for rows, said in pairs)


def hostile(numbers: Array, texts: Array, columns: Columns) -> tuple[Array, Array]:
    """Rows that nobody should send and somebody will: each like the first but for some cells."""
    n_numbers, n_dates = len(columns.numbers), len(columns.dates) + len(columns.seasons)
    odd: list[tuple[Array, Array]] = []

    def row(places: slice | int, value: Any, *, text: bool = False) -> None:
        one = numbers[0].copy(), texts[0].copy()
        one[text][places] = value
        odd.append(one)

    for place in range(numbers.shape[1]):
        row(place, np.nan)
    for place in range(n_numbers):
        for value in (HUGE, -HUGE):
            row(place, value * max(1.0, _largest(numbers[:, place])))
    dates = slice(numbers.shape[1] - n_dates, None)
    for value in (YEAR_1, YEAR_9999, -0.5):
        row(dates, value)
    for place in range(texts.shape[1]):
        for word in (MISSING, *UNSEEN):
            row(place, word, text=True)
    row(slice(None), np.nan)
    row(slice(None), UNSEEN[0], text=True)
    odd.append((np.full_like(numbers[0], np.nan), np.full_like(texts[0], MISSING)))
    return np.array([one[0] for one in odd]), np.array([one[1] for one in odd], dtype=object)


def _largest(values: Array) -> float:
    known = np.abs(values[np.isfinite(values)])
    return float(known.max()) if len(known) else 0.0


def _difference(got: Answers, wanted: Answers, usual: Array) -> float:
    """usual: y_pred of the real rows, which give numbers their scale."""
    if got.y_score is None or wanted.y_score is None:
        scale = np.maximum(np.abs(wanted.y_pred - np.median(usual)), np.std(usual))
        return _worst(np.abs(got.y_pred - wanted.y_pred) / np.where(scale > 0, scale, 1.0))
    if got.y_score.shape != wanted.y_score.shape:
        return float("inf")
    first, second = np.sort(wanted.y_score, axis=1)[:, [-1, -2]].T
    # A tie may fall either way; where there is none, another label is as wrong as can be.
    other = (got.y_pred != wanted.y_pred) & (first - second > TOLERANCE)
    return max(_worst(np.abs(got.y_score - wanted.y_score)), float(other.any()))


def _worst(differences: Array) -> float:
    """NaN counts as infinitely wrong."""
    return float(np.where(np.isnan(differences), np.inf, differences).max())


def _list(classes: Sequence[str] | None) -> list[str] | None:
    return None if classes is None else list(classes)
