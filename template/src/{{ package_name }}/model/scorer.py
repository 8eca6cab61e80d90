"""Answers of a saved model from plain arrays: ONNX where the model converts, else skops."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..utils.files import read_json, sha256_of_file
from . import store
from .features import Columns, group

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]
Engine = Literal["onnx", "skops"]
ONNX = "model.onnx"
ENTRY = "entry.json"


class Answers(NamedTuple):
    """y_pred: shape (n_rows,). y_score: (n_rows, n_classes) in the order of classes, or None."""

    y_pred: Array
    y_score: Array | None


@dataclass(frozen=True)
class Scorer:
    """A model ready to answer; one may be shared by threads.

    description: what `train` wrote beside the model. classes: None for regression.
    """

    description: dict[str, Any]
    columns: Columns
    engine: Engine
    _answer: Callable[[Array, Array], Answers]

    @classmethod
    def load(cls, folder: Path, engine: Engine | None = None) -> Scorer:
        """The model of a folder in models/ or logs/.

        engine: default the one that the entry names; skops where nothing was converted.
        Raises ValueError if a file is missing or is not the one that was written.
        """
        path = folder / store.DESCRIPTION
        if not path.is_file():
            raise ValueError(f"{path}: no such file; `models` lists what is registered")
        description = dict(read_json(path))
        columns = columns_of(description)
        entry = dict(read_json(folder / ENTRY)) if (folder / ENTRY).is_file() else {}
        chosen: Engine = engine or entry.get("engine", "skops")
        if chosen == "onnx":
            _check(folder / ONNX, entry.get("files", {}).get(ONNX))
            return cls(description, columns, chosen, _onnx(folder, description))
        return cls(description, columns, chosen, _skops(folder, description, columns))

    @property
    def classes(self) -> list[str] | None:
        """In the order of y_score, of two the positive one last."""
        return None if self.description["classes"] is None else list(self.description["classes"])

    @cached_property
    def numeric_names(self) -> tuple[str, ...]:
        """The columns of `numbers`, in order."""
        return numeric_names(self.columns)

    @property
    def text_names(self) -> tuple[str, ...]:
        """The columns of `texts`, in order."""
        return self.columns.categories

    def score(self, numbers: Array, texts: Array) -> Answers:
        """Answers for rows as arrays.

        numbers: float64, shape (n_rows, n_numeric), NaN where empty, truths as 0 and 1, dates in
        seconds since 1970. texts: objects, shape (n_rows, n_texts), MISSING where empty.
        """
        return self._answer(numbers, texts)

    def score_table(self, X: pl.DataFrame) -> Answers:
        """Answers for rows as `to_X` makes them."""
        return self.score(*matrices(X, self.columns))


def columns_of(description: dict[str, Any]) -> Columns:
    """The columns that a described model sees, by treatment."""
    listed = description["contract"]["columns"]
    seen = (SimpleNamespace(**c) for c in listed if c["role"] in ("feature", "time"))
    return group(seen)


def numeric_names(columns: Columns) -> tuple[str, ...]:
    """Every column that arrives as a number."""
    return columns.numbers + columns.truths + columns.dates + columns.seasons


def matrices(X: pl.DataFrame, columns: Columns) -> tuple[Array, Array]:
    """The numbers and the texts of X, as `Scorer.score` takes them."""
    numbers, texts = np.empty((len(X), 0)), np.empty((len(X), 0), dtype=object)
    if names := numeric_names(columns):
        numbers = np.ascontiguousarray(X.select(names).to_numpy(), dtype=np.float64)
    if columns.categories:
        texts = np.ascontiguousarray(X.select(columns.categories).to_numpy().astype(object))
    return numbers, texts


def table(numbers: Array, texts: Array, columns: Columns) -> pl.DataFrame:
    """X of the two matrices."""
    import polars as pl

    cells: dict[str, Any] = dict(zip(numeric_names(columns), numbers.T, strict=True))
    words = dict(zip(columns.categories, texts.T.tolist(), strict=True))
    cells |= {name: pl.Series(name, values, pl.String) for name, values in words.items()}
    return pl.DataFrame({name: cells[name] for name in columns.names})


def _skops(
    folder: Path, description: dict[str, Any], columns: Columns
) -> Callable[[Array, Array], Answers]:
    from .answers import answer

    model, _ = store.load(folder)
    classes = description["classes"]
    return lambda numbers, texts: Answers(*answer(model, table(numbers, texts, columns), classes))


def _check(path: Path, digest: str | None) -> None:
    """Raise ValueError unless the file is there, and the one that was registered."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; register the run again")
    if digest is not None and sha256_of_file(path) != digest:
        raise ValueError(
            f"{path}: not the file that was registered (its sha256 differs); register the run again"
        )


def _onnx(folder: Path, description: dict[str, Any]) -> Callable[[Array, Array], Answers]:
    session = open_session(folder / ONNX)
    notes = session.get_modelmeta().custom_metadata_map
    classes, known = json.loads(notes["classes"]), json.loads(notes["known"])
    if classes != description["classes"]:
        raise ValueError(
            f"{folder / ONNX}: answers for the classes {classes}, the model was described with "
            f"{description['classes']}; register the run again"
        )
    return answering(session, classes, known)


def open_session(path: Path) -> Any:
    """The runtime with one thread: more only wait for each other, at one row as at ten thousand."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors: a graph that holds a spare number is none
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def answering(
    session: Any, classes: list[str] | None, known: list[str] | None
) -> Callable[[Array, Array], Answers]:
    """A function from the two matrices to answers.

    known: the classes in the model's own order, in which it settles ties.
    """
    wanted = {one.name for one in session.get_inputs()}
    run = session.run

    def feed(numbers: Array, texts: Array) -> dict[str, Array]:
        given = {"numbers": np.asarray(numbers, dtype=np.float64), "texts": texts}
        return {name: given[name] for name in wanted}

    if classes is None or known is None:
        return lambda numbers, texts: Answers(run(None, feed(numbers, texts))[0], None)
    labels, places = np.asarray(known), [classes.index(label) for label in known]
    in_order = places == list(range(len(classes)))

    def answer(numbers: Array, texts: Array) -> Answers:
        score = run(None, feed(numbers, texts))[0]
        return Answers(labels[(score if in_order else score[:, places]).argmax(axis=1)], score)

    return answer
