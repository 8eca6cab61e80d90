"""What the page of a report shows of the examples themselves."""

from typing import Any

import polars as pl

from ..configs.settings import Data


def show(data: Data, model: Any, train: pl.DataFrame, worst: pl.DataFrame) -> dict[str, Any]:
    """Nothing: the cells of a table are no part of its report."""
    return {}
