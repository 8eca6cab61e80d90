"""Describe each column, name those that no model sees, and what looks wrong with the images."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from ..configs.settings import Data
from ..utils.files import project_root
from ..utils.suspects import Suspect
from .describe import describe
from .examples import INDEX
from .facts import PATH, SCHEMA
from .schema import Schema
from .suspects.images import blanks, copies, groups, labels, near_copies, shortcuts, sizes


def find_suspects(
    raw: pl.DataFrame, table: pl.DataFrame, part: pl.Series, schema: Schema, data: Data
) -> Iterator[Suspect]:
    """What looks wrong. table: typed rows. part: of each row. data: with the index of images."""
    facts = pl.read_csv(project_root() / data.files[INDEX], schema=SCHEMA)
    names = {PATH: table[data.image], "target": table[data.target], "part": part}
    rows = pl.DataFrame(names).join(facts, on=PATH, how="left", maintain_order="left")
    is_class = schema.columns[data.target].type != "number"
    yield from copies(rows, data)
    yield from near_copies(rows, data)
    yield from blanks(rows, data)
    yield from sizes(rows, data)
    if is_class:
        yield from shortcuts(rows, data)
        yield from labels(rows.filter(part == "train"), data)
    if data.split.by != "group":
        others = {data.image, data.target, *data.ignore, *([data.id] if data.id else [])}
        yield from groups(table.drop(others, strict=False), part)


def profile(table: pl.DataFrame, schema: Schema) -> list[dict[str, Any]]:
    """For each column: name, type, nulls, distinct, min, median, max and the commonest values.

    table: typed rows. JSON content, written to reports/profile.json.
    """
    return [describe(table[name], column.type) for name, column in schema.columns.items()]


def excluded_columns(table: pl.DataFrame, schema: Schema) -> dict[str, str]:
    """Column name -> why no model sees it: all but the images."""
    others = [name for name, column in schema.columns.items() if column.type != "image"]
    return dict.fromkeys(others, "models see the image alone; it may name groups and slices")
