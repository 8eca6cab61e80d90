"""There are enough rows to judge a model on."""

import polars as pl

from ..checking import Context


def check(table: pl.DataFrame, context: Context) -> list[str]:
    """A problem if there are fewer rows than data.expected_rows_min."""
    least = context.data.expected_rows_min
    if len(table) >= least:
        return []
    return [f"{context.shown}: {len(table)} usable rows, data.expected_rows_min asks for {least}"]
