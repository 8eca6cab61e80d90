"""Make one row an example of the rows of a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.settings import Data
from ..utils.names import hint


def to_examples(table: pl.DataFrame, data: Data, *, to_predict: bool) -> pl.DataFrame:
    """A row with a text is an example. to_predict: targets may be unknown.

    Raises ValueError where the column data.text is missing.
    """
    if data.text not in table.columns:
        where = f"conf/default.yaml: data.text: no column '{data.text}'"
        raise ValueError(f"{where}; {hint(data.text, table.columns)}")
    return table


def labels(data: Data) -> list[str]:
    """The columns that name a row of predictions beside its number: none."""
    return []


def compared(rows: pl.DataFrame, y: Any, data: Data) -> tuple[pl.DataFrame, Any]:
    """The features and the target as checks for leaks look at them: as they are."""
    return rows, y


def measures(
    rows: pl.DataFrame, values: pl.DataFrame, data: Data
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is compared between times, of features and of targets or predictions: the cells."""
    return rows, values


def is_unchanged(root: Path, manifest: dict[str, Any]) -> bool:
    """Whether files beside the table are as they were: there are none."""
    return True


def inline(table: pl.DataFrame) -> pl.DataFrame:
    """The rows without files beside them, as a request holds them."""
    return table


# Type of a column -> rules beyond those of its values: (in words, column -> which cells are valid).
CELL_RULES: dict[str, list[tuple[str, Callable[[pl.Series], pl.Series]]]] = {}
# Type of a column -> pydantic's type of its values in a request, beyond those of all kinds.
REQUEST_CELLS: dict[str, Any] = {}
