"""The column data.id names each row once."""

import polars as pl

from .. import violations
from ..checking import Context
from ..typed import without_duplicates


def check(table: pl.DataFrame, context: Context) -> list[str]:
    """A problem per row whose id is empty or was used by an earlier row of other content."""
    name = context.data.id
    if name is None:
        return []
    whole = without_duplicates(table, context.readings, context.data)
    wrong = whole[name].is_null() | ~whole[name].is_first_distinct()
    return violations.cells(whole, wrong, name, "unique and not empty (data.id)", context.shown)
