"""No column is emptier than data.max_null_share."""

import polars as pl

from ..checking import Context


def check(table: pl.DataFrame, context: Context) -> list[str]:
    """A problem per column with too many empty cells."""
    limit = context.data.max_null_share
    return [
        f"{context.shown}: {name} is {share:.0%} empty, data.max_null_share allows {limit:.0%}; "
        f"add it to data.ignore or mend the file"
        for name in context.readings
        if name not in context.data.ignore
        and (share := table[name].null_count() / max(1, len(table))) > limit
    ]
