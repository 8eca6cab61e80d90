"""Spoil a table: each function takes the rows and the target's name, and returns worse rows."""

# Runs in a generated project's environment; ours has no polars.
# mypy: disable-error-code="import-not-found,no-any-return"
from __future__ import annotations

import numpy as np
import polars as pl


def target_copied(rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """The target under another name and in other words."""
    return rows.with_columns(outcome_code=_number(rows[target]) * 7 + 3)


def target_copied_with_noise(rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """A measurement taken once the answer is known: the target and a little noise."""
    number = _number(rows[target])
    noise = np.random.default_rng(0).normal(scale=0.02 * float(number.std() or 1), size=len(rows))
    return rows.with_columns(late_reading=number + noise)


def target_in_the_gaps(rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """A column that is filled in only after the commonest answer; what it holds is noise."""
    noise = pl.Series(np.random.default_rng(0).normal(size=len(rows)))
    known = rows[target] == rows[target].mode()[0]
    return rows.with_columns(follow_up=pl.when(known).then(noise))


def target_is_a_sum(rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """Two columns of noise that add up to the target."""
    part = pl.Series(np.random.default_rng(0).normal(size=len(rows)))
    part *= float(_number(rows[target]).std() or 1) * 3
    return rows.with_columns(part_one=part, part_two=_number(rows[target]) - part)


def rows_copied(rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """A third of the rows again."""
    return pl.concat([rows, rows.sample(fraction=0.33, seed=0, shuffle=True)])


def rows_copied_with_rounding(rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """A third of the rows again, exported with another rounding, later than all others."""
    again = rows.sample(fraction=0.33, seed=0, shuffle=True)
    numbers = [name for name in rows.columns if rows[name].dtype.is_float() and name != target]
    return pl.concat([rows, again.with_columns(pl.col(numbers) * (1 + 1e-12))])


def _number(answers: pl.Series) -> pl.Series:
    if answers.dtype.is_numeric():
        return answers.cast(pl.Float64)
    return answers.rank("dense").cast(pl.Float64)
