"""Make one row an example of the rows of a file."""

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
