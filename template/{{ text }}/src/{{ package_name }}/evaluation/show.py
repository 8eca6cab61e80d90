"""What the page of a report shows of the examples themselves."""

from typing import Any

import polars as pl

from ..configs.settings import Data


def show(data: Data, model: Any, train: pl.DataFrame, worst: pl.DataFrame) -> dict[str, Any]:
    return {}
