"""Describe each column, name those that are no feature, and what looks wrong with the texts."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Data
from ..utils.suspects import Suspect, sample
from ..utils.words import hashed, texts, words
from .describe import describe
from .schema import Schema
from .sources import ROW
from .suspects.characters import broken, lengths
from .suspects.copies import copies
from .suspects.labels import other_language, telling_groups, telling_words, wrong_labels

N_SAMPLE = 20_000


def find_suspects(
    raw: pl.DataFrame, table: pl.DataFrame, part: pl.Series, schema: Schema, data: Data
) -> Iterator[Suspect]:
    """What looks wrong with the texts and their labels, on at most N_SAMPLE rows.

    raw: the cells as they are in the files. table: typed rows. part: of each row of the table.
    """
    rows = sample(table.with_columns(part.alias("_part")), N_SAMPLE)
    parts, found = rows["_part"].to_numpy(), texts(rows[data.text])
    X = hashed(found)
    yield from broken(found, data.text)
    yield from lengths(found, data.text)
    yield from other_language(X, found, parts, data.text)
    is_class = schema.columns[data.target].type == "category"
    labels = rows[data.target].cast(pl.String) if is_class else None
    yield from copies(found, rows[ROW], parts, labels)
    if labels is None:
        return
    grouped = data.split.column if data.split.by == "group" else None
    left_out = {data.text, data.target, data.id, grouped, *data.ignore}
    others = [name for name in schema.columns if name not in left_out]
    yield from telling_groups(rows, others, data.target)
    train = np.flatnonzero(parts == "train")
    names, y = np.unique(labels[train].to_numpy(), return_inverse=True)
    yield from telling_words(X[train], [found[i] for i in train], y, list(names), data.text)
    yield from wrong_labels(X[train], y, rows[ROW][train], list(names), data.target)


def profile(table: pl.DataFrame, schema: Schema) -> list[dict[str, Any]]:
    """For each column: name, type, nulls, distinct, min, median, max and the commonest values.

    table: typed rows. Of a text min, median and max are of its words, and no cell is repeated.
    """
    return [_describe(table[name], column.type) for name, column in schema.columns.items()]


def excluded_columns(table: pl.DataFrame, schema: Schema) -> dict[str, str]:
    """Column name -> why it is no feature: all but the text, which has a limit in the schema."""
    columns = schema.columns.items()
    others = [name for name, one in columns if one.type != "text" or one.max is None]
    return dict.fromkeys(others, "only the text is a feature")


def _describe(cells: pl.Series, kind: str) -> dict[str, Any]:
    found = describe(cells, kind)
    if kind == "text":
        n_words = pl.Series([len(words(text)) for text in texts(cells)], dtype=pl.Float64)
        found |= {"min": n_words.min(), "median": n_words.median(), "max": n_words.max(), "top": []}
    return found
