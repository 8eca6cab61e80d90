"""Numbers lie in the ranges of data.ranges."""

import polars as pl

from .. import violations
from ..checking import Context


def check(table: pl.DataFrame, context: Context) -> list[str]:
    """A problem per cell out of range, and per range that is none."""
    ranges, numbers = context.data.ranges, context.numbers
    problems = [
        f"conf/default.yaml: data.ranges: {name} holds {context.readings[name].kind} cells, "
        f"and only numbers have a range"
        for name in ranges
        if name not in numbers
    ]
    usable = {name: ends for name, ends in ranges.items() if name in numbers}
    return problems + violations.out_of_range(table, usable, context.shown)
