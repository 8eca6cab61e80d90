"""Make one row an example of the rows of a file."""

from typing import Any

import polars as pl

from ..configs.settings import Data


def to_examples(table: pl.DataFrame, data: Data, *, to_predict: bool) -> pl.DataFrame:
    """A row of a table is an example already. to_predict: targets may be unknown."""
    return table


def labels(data: Data) -> list[str]:
    """The columns that name a row of predictions beside its number: none."""
    return []


def compared(rows: pl.DataFrame, y: Any, data: Data) -> tuple[pl.DataFrame, Any]:
    """The features and the target as checks for leaks look at them: as they are."""
    return rows, y
