"""Features of your own, computed from the raw columns."""

import polars as pl


def add_features(table: pl.DataFrame) -> pl.DataFrame:
    """The table with new columns; called in training, predict, batch and serving alike.

    table: the raw feature columns, typed as in conf/schema.yaml (Float64, Boolean, String,
    Datetime), null where empty, shape (n_rows, n_columns). A new column is treated by its type.
    Only values of the same row may be used: a mean over the table would differ in serving.
    For example: table.with_columns(ratio=pl.col("worst_area") / pl.col("mean_area"))
    """
    return table
