"""The times of a split as numbers."""

import polars as pl

from .predictions import Array

DAY_US = 86_400_000_000


def moments(times: pl.Series) -> Array:
    """Days since 1970 of a column of dates, or its numbers; shape (n_rows,), float64."""
    if times.dtype.is_temporal():
        times = times.cast(pl.Datetime("us")).to_physical().cast(pl.Float64) / DAY_US
    return times.cast(pl.Float64).to_numpy()
