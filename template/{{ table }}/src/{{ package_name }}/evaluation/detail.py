"""What the report shows of this kind of data alone."""

from typing import Any

import polars as pl

from ..utils.predictions import Predictions


def detail(
    context: Any, test: pl.DataFrame, predicted: Predictions, worst: pl.DataFrame
) -> dict[str, Any]:
    """Nothing: the report of a table has it all. context: the run. worst: rows of test."""
    return {}
