"""What each value of one row adds to its prediction, seen from a reference row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import gcd
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .features import MISSING, Columns

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]
Floats = NDArray[np.float64]

LOG_ODDS, OF_TARGET = "log-odds", "unit of the target"
# Nearer to 0 or 1 a probability is rounding, and its log-odds would drown every other step. A
# forest counts votes: what is less than half a vote of a few hundred trees tells nothing.
SUREST, SUREST_OF = 1e-6, {"forest": 1e-3}
# Each order is walked both ways. With four, contributions to the log-odds on our samples correlate
# with Shapley values of two hundred random orders at 0.98 or more on average.
N_ORDERS = 4
# Wide tables get fewer orders, and beyond so many cells the rows are scored in pieces.
MAX_ROWS = 4_000
CELLS_AT_ONCE = 2_000_000


class Said(Protocol):
    """Predictions, shape (n_rows,), and of a classifier (n_rows, n_classes) probabilities."""

    @property
    def y_pred(self) -> Array: ...
    @property
    def y_score(self) -> Array | None: ...


class Scores(Protocol):
    """A model that answers for arrays: floats (NaN where empty) and texts, in these orders.

    description: what model.json says; its `model` is read.
    """

    @property
    def description(self) -> Mapping[str, Any]: ...
    @property
    def classes(self) -> Sequence[str] | None: ...
    @property
    def columns(self) -> Columns: ...
    @property
    def numeric_names(self) -> Sequence[str]: ...
    @property
    def text_names(self) -> Sequence[str]: ...
    def score(self, numbers: Floats, texts: Array, /) -> Said: ...


@dataclass(frozen=True)
class Rows:
    """Rows side by side as a scorer takes them: floats, and texts; both with one line a row."""

    numbers: Floats
    texts: Array

    @classmethod
    def one(cls, numbers: Any, texts: Any) -> Rows:
        """A single row, however its cells came."""
        return cls(
            np.asarray(numbers, dtype=np.float64).reshape(1, -1),
            np.asarray(texts, dtype=object).reshape(1, -1),
        )

    @property
    def n_features(self) -> int:
        """Cells of a row."""
        return int(self.numbers.shape[1]) + int(self.texts.shape[1])

    def cell(self, place: int) -> Any:
        """A cell of the first row; places run through the numbers, then through the texts."""
        n_numbers = self.numbers.shape[1]
        return self.numbers[0, place] if place < n_numbers else self.texts[0, place - n_numbers]


def contributions(
    scorer: Scores, numbers: Any, texts: Any, reference: Mapping[str, Sequence[Any]]
) -> list[dict[str, Any]]:
    """Of one row: feature, value and contribution, the largest first; see `explain`."""
    found: list[dict[str, Any]] = explain(scorer, numbers, texts, reference)["contributions"]
    return found


def explain(
    scorer: Scores, numbers: Any, texts: Any, reference: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """How one row came to its prediction, told from the prediction of a reference row.

    numbers, texts: one row, shape (n,) or (1, n). reference: {"numbers": [...], "texts": [...]} in
    the same orders, as `reference_of` makes it.

    The reference row becomes the row, one value after the other, and each value is given the step
    that the prediction makes. So contributions add up to prediction minus reference. A step depends
    on what was there before, so the values are put in in several fixed orders, and the other way
    round: where features act one by one or in pairs the mean is the Shapley value. Nothing is drawn
    at random, and n values that differ from the reference cost at most 8 n rows, scored at once.

    Returns class (the predicted one; None for regression), unit (LOG_ODDS of that class, or
    OF_TARGET), prediction and reference in that unit, contributions (see above).
    Raises ValueError if row, reference and model differ in their number of features.
    Source: Shapley (1953); Strumbelj and Kononenko (2014), Knowledge and Information Systems 41.
    """
    row, base = Rows.one(numbers, texts), Rows.one(reference["numbers"], reference["texts"])
    names = [*scorer.numeric_names, *scorer.text_names]
    if not row.n_features == base.n_features == len(names):
        raise ValueError(
            f"to explain, row and reference must hold the model's {len(names)} features, "
            f"got {row.n_features} and {base.n_features}"
        )
    orders = _orders(_changed(row, base))
    label, strength = _strengths(scorer, _walked(row, base, orders))
    amounts = np.zeros(len(names))
    between = np.split(strength[2:], len(orders)) if orders else []
    for order, along in zip(orders, between, strict=True):
        amounts[order] += np.diff(along, prepend=strength[1], append=strength[0]) / len(orders)
    listed = sorted(range(len(names)), key=lambda place: (-abs(amounts[place]), place))
    return {
        "class": label,
        "unit": OF_TARGET if label is None else LOG_ODDS,
        "prediction": float(strength[0]),
        "reference": float(strength[1]),
        "contributions": [
            {
                "feature": names[place],
                "value": _shown(row.cell(place), names[place], scorer.columns),
                "contribution": float(amounts[place]),
            }
            for place in listed
        ],
    }


def reference_of(X: pl.DataFrame, columns: Columns) -> dict[str, list[Any]]:
    """The row to tell from: of each number the median, of each text the commonest; for `explain`.

    X: as `to_X` makes it. A number that no row has is None; of texts as common the first by name.
    """
    numbers = [*columns.numbers, *columns.truths, *columns.dates, *columns.seasons]
    medians = [X[name].fill_nan(None).median() for name in numbers]
    return {
        "numbers": [None if middle is None else float(str(middle)) for middle in medians],
        "texts": [X[name].mode().sort().item(0) for name in columns.categories],
    }


def _changed(row: Rows, base: Rows) -> Array:
    """Places whose cells differ; a cell that is empty in both does not."""
    pairs = [(row.cell(place), base.cell(place)) for place in range(row.n_features)]
    return np.array(
        [place for place, (a, b) in enumerate(pairs) if a != b and (a == a or b == b)], dtype=int
    )


def _orders(places: Array) -> list[Array]:
    """Orders of the places, each followed by its reverse; every place stands early in some.

    A stride near the golden section keeps neighbours apart, since columns that stand side by side
    often say the same; the further orders begin at other points of the same round.
    """
    n_places = len(places)
    if not n_places:
        return []
    stride = max(1, round(0.618 * n_places))
    while gcd(stride, n_places) != 1:
        stride += 1
    spread = places[np.arange(n_places) * stride % n_places]
    n_orders = min(N_ORDERS, n_places, max(1, MAX_ROWS // (2 * n_places)))
    turned = [np.roll(spread, -turn * n_places // n_orders) for turn in range(n_orders)]
    return [order for one in turned for order in (one, one[::-1])]


def _walked(row: Rows, base: Rows, orders: Sequence[Array]) -> Rows:
    """The row, the base, then each order's rows between base (left out) and row (left out)."""
    n_numbers = row.numbers.shape[1]
    numbers, texts = [row.numbers, base.numbers], [row.texts, base.texts]
    for order in orders:
        rank = np.full(row.n_features, len(order))
        rank[order] = np.arange(len(order))
        is_in = rank < np.arange(1, len(order))[:, None]
        numbers.append(np.where(is_in[:, :n_numbers], row.numbers, base.numbers))
        texts.append(np.where(is_in[:, n_numbers:], row.texts, base.texts))
    return Rows(np.vstack(numbers), np.vstack(texts))


def _strengths(scorer: Scores, rows: Rows) -> tuple[str | None, Floats]:
    """The class predicted for the first row, and how strongly each row says it."""
    at_once = max(1, CELLS_AT_ONCE // max(1, rows.n_features))
    starts = range(0, len(rows.numbers), at_once)
    said = [
        scorer.score(rows.numbers[at : at + at_once], rows.texts[at : at + at_once])
        for at in starts
    ]
    if scorer.classes is None:
        return None, np.concatenate([np.asarray(one.y_pred, dtype=np.float64) for one in said])
    scores = [np.asarray(one.y_score, dtype=np.float64) for one in said if one.y_score is not None]
    place = int(scores[0][0].argmax())
    surest = SUREST_OF.get(str(scorer.description.get("model")), SUREST)
    chance = np.clip(np.concatenate(scores)[:, place], surest, 1 - surest)
    return str(scorer.classes[place]), np.log(chance / (1 - chance))


def _shown(cell: Any, name: str, columns: Columns) -> Any:
    """A cell as JSON holds it: None where it is empty, a truth value, a date as text."""
    if isinstance(cell, str):
        return None if cell == MISSING else cell
    if cell != cell:
        return None
    if name in columns.truths:
        return bool(cell)
    if name in columns.dates + columns.seasons:
        return datetime.fromtimestamp(float(cell), tz=UTC).replace(tzinfo=None).isoformat()
    return float(cell)
