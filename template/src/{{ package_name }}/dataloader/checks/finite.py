"""No number is infinite."""

import polars as pl

from .. import violations
from ..checking import Context


def check(table: pl.DataFrame, context: Context) -> list[str]:
    """A problem per infinite cell."""
    return violations.not_finite(table, context.numbers, context.shown)
