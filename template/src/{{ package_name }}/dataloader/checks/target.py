"""The target can be predicted: some classes for classification, varied numbers for regression."""

import polars as pl

from ..checking import Context

# More classes than this are an identifier or a number, and not a choice.
MAX_CLASSES = 50


def check(table: pl.DataFrame, context: Context) -> list[str]:
    """At most one problem: too few different values, or too many for classes."""
    name, n_unique = context.data.target, table[context.data.target].n_unique()
    if n_unique < 2:
        return [f"{context.shown}: {name} holds one value only; there is nothing to predict"]
    if context.task == "regression":
        return []
    if n_unique > min(MAX_CLASSES, len(table) / 5):
        return [
            f"{context.shown}: {name} holds {n_unique} different values in {len(table)} rows, too "
            f"many for classes; is `task: regression` meant?"
        ]
    return [] if context.data.positive is None else _positive(table, context)


def _positive(table: pl.DataFrame, context: Context) -> list[str]:
    classes = sorted(table[context.data.target].unique().to_list())
    if context.data.positive in classes:
        return []
    return [
        f"conf/default.yaml: data.positive: {context.data.target} has no class "
        f"'{context.data.positive}'; there are {', '.join(classes)}"
    ]
