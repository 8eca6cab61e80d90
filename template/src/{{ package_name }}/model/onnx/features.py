"""Our preprocessing as steps of a graph: filled, scaled, encoded as `preprocessing` was fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ops.cycles import DECIMALS
from ..dates import DAY_S, FIRST_WEEKDAY, WEEK_DAYS, YEAR_DAYS
from ..features import Columns
from .graph import ML, Graph

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """matrix: the step that makes them. order[i]: its column that holds scikit-learn's feature i.

    width: columns of the matrix; one more than there are features where texts have a place for
    what was never seen.
    """

    matrix: str
    order: NDArray[np.intp]
    width: int


@dataclass
class _Block:
    """What a part of the numbers was taught, one entry a column."""

    fill: Floats
    places: list[int]
    mean: Floats
    scale: Floats
    marked: list[int] = field(default_factory=list)


def features(graph: Graph, fitted: Any, columns: Columns) -> Features:
    """The features of `numbers` and `texts`, in double.

    fitted: the ColumnTransformer of `preprocessing`. Its columns may come out in another order.
    """
    parts: list[str] = []
    order = np.full(sum(_n(where) for where in fitted.output_indices_.values()), -1, dtype=np.intp)
    width = 0
    if columns.numbers or columns.truths or columns.dates or columns.seasons:
        matrix, places = _numeric(graph, fitted, columns)
        parts.append(matrix)
        order[places] = np.arange(len(places))
        width = len(places)
    if columns.categories:
        encoder = fitted.named_transformers_["categories"]
        start, n_texts = fitted.output_indices_["categories"].start, _n_texts(encoder)
        parts.append(_texts(graph, encoder, n_texts))
        order[start : start + n_texts] = width + np.arange(n_texts)
        width += n_texts + 1
    assert (order >= 0).all(), "a feature of the model has no place in the graph"
    return Features(graph.beside(*parts), order, width)


def _numeric(graph: Graph, fitted: Any, columns: Columns) -> tuple[str, list[int]]:
    """Numbers, truths and dates, filled, marked and scaled; and scikit-learn's place of each."""
    blocks = [_block(fitted, name) for name in ("numbers", "truths", "dates", "seasons")]
    known = [block for block in blocks if block is not None]
    raw = _raw(graph, columns)
    empty = graph.add("IsNaN", raw)
    fill = graph.constant(np.concatenate([block.fill for block in known]))
    filled = graph.add("Where", empty, fill, raw)
    starts = np.cumsum([0, *(len(block.fill) for block in known)])
    marked = [int(s) + m for s, b in zip(starts, known, strict=False) for m in b.marked]
    matrix = filled
    if marked:
        marks = graph.add("Cast", graph.columns(empty, marked), to=11)  # 11: double
        matrix = graph.beside(filled, marks)
    n_filled = [len(block.fill) for block in known]

    def arranged(name: str) -> Any:
        """Values of all blocks as the matrix has them: the filled columns, then the marks."""
        values = [getattr(block, name) for block in known]
        heads = [value[:n] for value, n in zip(values, n_filled, strict=True)]
        tails = [value[n:] for value, n in zip(values, n_filled, strict=True)]
        return np.concatenate([*heads, *tails])

    centred = graph.add("Sub", matrix, graph.constant(arranged("mean")))
    scaled = graph.add("Div", centred, graph.constant(arranged("scale")))
    return scaled, arranged("places").astype(int).tolist()


def _block(fitted: Any, name: str) -> _Block | None:
    if name not in fitted.named_transformers_:
        return None
    step, where = fitted.named_transformers_[name], fitted.output_indices_[name]
    steps = getattr(step, "named_steps", {"fill": step})
    imputer, scaler = steps["fill"], steps.get("scale")
    n = _n(where)
    return _Block(
        fill=np.nan_to_num(np.asarray(imputer.statistics_, dtype=np.float64)),
        places=list(range(where.start, where.stop)),
        mean=np.zeros(n) if scaler is None else scaler.mean_,
        scale=np.ones(n) if scaler is None else scaler.scale_,
        marked=[int(i) for i in imputer.indicator_.features_] if imputer.add_indicator else [],
    )


def _raw(graph: Graph, columns: Columns) -> str:
    """`numbers` with each date replaced by its parts, as DateParts makes them."""
    n_plain = len(columns.numbers) + len(columns.truths)
    n_dates, n_seasons = len(columns.dates), len(columns.seasons)
    if not n_dates + n_seasons:
        return "numbers"
    parts = [graph.columns("numbers", list(range(n_plain)))] if n_plain else []
    for start, n, trend in ((n_plain, n_dates, True), (n_plain + n_dates, n_seasons, False)):
        if n:
            seconds = graph.columns("numbers", list(range(start, start + n)))
            parts += _date_parts(graph, seconds, trend)
    return graph.beside(*parts)


def _date_parts(graph: Graph, seconds: str, trend: bool) -> list[str]:
    def number(value: float) -> str:
        return graph.constant(np.array([value]))

    days = graph.add("Floor", graph.add("Div", seconds, number(DAY_S)))
    weekday = graph.add("Add", days, number(FIRST_WEEKDAY))
    parts = []
    for value, period in ((weekday, WEEK_DAYS), (days, YEAR_DAYS)):
        within = graph.add("Mod", value, number(period), fmod=1)
        turns = graph.add("Div", graph.add("Mul", number(2 * np.pi), within), number(period))
        for circle in (graph.add("Sin", turns), graph.add("Cos", turns)):
            digits = graph.add("Round", graph.add("Mul", circle, number(10.0**DECIMALS)))
            parts.append(graph.add("Div", digits, number(10.0**DECIMALS)))
    return [*parts, graph.add("Div", days, number(YEAR_DAYS))] if trend else parts


def _texts(graph: Graph, encoder: Any, n_texts: int) -> str:
    """One column a known text, and a last one that takes what has no column of its own."""
    listed = _places(encoder)
    words = sorted({word for places in listed for word in places if word is not None})
    table = np.full((len(listed), len(words) + 1), n_texts, dtype=np.int64)
    for row, places in zip(table, listed, strict=True):
        row[:] = places.get(None, n_texts)
        for number, word in enumerate(words):
            row[number] = places.get(word, row[-1])
    numbered = graph.add(
        "LabelEncoder",
        "texts",
        domain=ML,
        keys_strings=words,
        values_int64s=list(range(len(words))),
        default_int64=len(words),
    )
    starts = np.arange(len(listed), dtype=np.int64) * table.shape[1]
    cell = graph.add("Add", numbered, graph.constant(starts[None, :]))
    column = graph.add("Gather", graph.constant(table.ravel()), cell, axis=0)
    one = graph.constant(np.array([1], dtype=np.int64))
    n_rows = graph.add("Concat", graph.add("Shape", column, start=0, end=1), one, axis=0)
    zeros = graph.add("Expand", graph.constant(np.zeros((1, n_texts + 1))), n_rows)
    ones = graph.add("Expand", graph.constant(np.ones((1, len(listed)))), n_rows)
    return graph.add("ScatterElements", zeros, column, ones, axis=1)


def _places(encoder: Any) -> list[dict[str | None, int]]:
    """For each text column word -> column of the encoder's output; None: a word never seen."""
    rare_of = getattr(encoder, "infrequent_categories_", [None] * len(encoder.categories_))
    start, listed = 0, []
    for words, rare in zip(encoder.categories_, rare_of, strict=True):
        rare = set() if rare is None else set(rare)
        common = [word for word in words if word not in rare]
        places: dict[str | None, int] = {word: start + i for i, word in enumerate(common)}
        if rare:
            places |= dict.fromkeys([*rare, None], start + len(common))
        start += len(common) + bool(rare)
        listed.append(places)
    return listed


def _n_texts(encoder: Any) -> int:
    return len(encoder.get_feature_names_out())


def _n(where: slice) -> int:
    return int(where.stop - where.start)
