"""The rules of a data contract for typed tables: as expressions, and as a pandera schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from ..configs.contract import ColumnRules, ContractRules
from .kinds import DATETIME, Kind

if TYPE_CHECKING:
    from pandera import polars as pandera

TYPES: dict[Kind, pl.DataType] = {
    "numeric": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": DATETIME,
    "categorical": pl.String(),
    "text": pl.String(),
}
# As many values as fit a line; the contract has them all.
MAX_NAMED = 5


@dataclass(frozen=True)
class Rule:
    """One demand on the cells of one column.

    name: nullable, range, one_of or unique. demand: in words, after "must be". holds: true for
    each row that keeps to it; an empty cell breaks `nullable` alone.
    """

    column: str
    name: str
    demand: str
    holds: pl.Expr


def columns_of(contract: ContractRules) -> dict[str, ColumnRules]:
    """The rules of each column, those of the target among them."""
    labels = contract.labels
    target = ColumnRules(
        kind="numeric" if labels.one_of is None else "categorical",
        nullable=False,
        min=labels.min,
        max=labels.max,
        one_of=labels.one_of,
    )
    return {**contract.columns, labels.column: target}


def rules_of(
    columns: Mapping[str, ColumnRules], there: Collection[str], *, whole: bool
) -> list[Rule]:
    """What can be asked of a table with the columns `there`.

    whole: it holds all rows. Of a piece nobody can say whether a value is unique.
    """
    asked = {name: rules for name, rules in columns.items() if name in there}
    return [rule for name, rules in asked.items() for rule in _rules(name, rules, whole)]


def _rules(name: str, rules: ColumnRules, whole: bool) -> list[Rule]:
    cell = pl.col(name)
    low, high = rules.ends
    found = []
    if not rules.nullable:
        found.append(Rule(name, "nullable", "filled in", cell.is_not_null()))
    if low is not None or high is not None:
        above = cell >= low if low is not None else pl.lit(True)
        below = cell <= high if high is not None else pl.lit(True)
        found.append(Rule(name, "range", _range(rules), (above & below).fill_null(True)))
    if rules.one_of is not None:
        allowed = cell.is_in(rules.one_of).fill_null(True)
        found.append(Rule(name, "one_of", _choice(rules.one_of), allowed))
    if rules.unique and whole:
        found.append(Rule(name, "unique", "unique", _first_of_its_kind(name)))
    return found


def _first_of_its_kind(name: str) -> pl.Expr:
    return pl.col(name).is_null() | pl.col(name).is_first_distinct()


def _range(rules: ColumnRules) -> str:
    low, high = (f"{end:.12g}" if isinstance(end, float) else end for end in (rules.min, rules.max))
    if low is not None and high is not None:
        return f"in [{low}, {high}]"
    return f"at least {low}" if high is None else f"at most {high}"


def _choice(values: tuple[str, ...]) -> str:
    more = len(values) - MAX_NAMED
    named = ", ".join(values[:MAX_NAMED])
    return f"one of {named}" + (f" and {more} more" if more > 0 else "")


def schema_of(columns: Mapping[str, ColumnRules], *, whole: bool) -> pandera.DataFrameSchema:
    """The same rules as a pandera schema of tables that have these columns.

    The checks of a column stand in the order of its rules without `nullable`, which pandera has as
    a word of its own.
    """
    from pandera import polars as pandera

    return pandera.DataFrameSchema(
        {
            name: pandera.Column(
                TYPES[rules.kind],
                nullable=rules.nullable,
                checks=[
                    _check(rule, rules) for rule in _rules(name, rules, whole)[_skipped(rules) :]
                ],
            )
            for name, rules in columns.items()
        }
    )


def _skipped(rules: ColumnRules) -> int:
    return 0 if rules.nullable else 1


def _check(rule: Rule, rules: ColumnRules) -> pandera.Check:
    from pandera import polars as pandera

    low, high = rules.ends
    if rule.name == "one_of":
        return pandera.Check.isin(list(rules.one_of or ()))
    if rule.name == "unique":
        return pandera.Check(
            lambda data: data.lazyframe.select(_first_of_its_kind(data.key)), name="unique"
        )
    if low is not None and high is not None:
        return pandera.Check.in_range(low, high)
    return pandera.Check.le(high) if low is None else pandera.Check.ge(low)
