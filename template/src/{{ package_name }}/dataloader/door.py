"""The door of training, prediction and serving: which rows keep to conf/contract.yaml."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.contract import ColumnRules, ContractRules
from ..configs.load import load
from . import violations
from .contract import SAID_AS, Contract, conform
from .kinds import Kind, read
from .read import ROW
from .rules import TYPES, Rule, columns_of, rules_of, schema_of

Value = float | bool | str | None


@dataclass(frozen=True)
class Refusal:
    """One cell that breaks a rule. row: 1 for the first below the header. rule: what must be."""

    file: str
    row: int
    column: str
    rule: str
    value: Value

    @property
    def sentence(self) -> str:
        """The refusal in a line."""
        value = violations.as_written(self.value)
        return f"{self.file} row {self.row}: {self.column} must be {self.rule}, got {value}"

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the file of reasons."""
        return asdict(self)


@dataclass(frozen=True)
class Inspected:
    """The rows that may pass, in order, and why the others may not: one refusal a cell."""

    kept: pl.DataFrame
    refused: list[Refusal]


@dataclass(frozen=True)
class Door:
    """What is asked of every row, and the name of the file that asks it."""

    rules: ContractRules
    shown: str

    @classmethod
    def load(cls, path: Path) -> Door:
        """The door of a contract's file; raises ValueError with one line a mistake in it."""
        shown = f"{path.parent.name}/{path.name}"
        return cls(load(path.parent.parent, shown, ContractRules), shown)

    @cached_property
    def columns(self) -> dict[str, ColumnRules]:
        """The rules of each column and of the target."""
        return columns_of(self.rules)

    def inspect(self, table: pl.DataFrame, shown: str, *, whole: bool = False) -> Inspected:
        """A typed table with ROW, parted by the rules on the columns that it has.

        whole: it holds all rows of the file, so that `unique` can be told. Raises ValueError where
        a column is not of the contract's kind at all.
        """
        self._check_kinds(table, shown)
        rules = rules_of(self.columns, table.columns, whole=whole)
        # One query; nearly always there is nothing to find, and pandera takes forty times as long.
        if not rules:
            return Inspected(table, [])
        held = table.select(rule.holds.all().alias(str(n)) for n, rule in enumerate(rules))
        suspects = {
            rule.column for rule, holds in zip(rules, held.row(0), strict=True) if not holds
        }
        if not suspects:
            return Inspected(table, [])
        broken = self._broken(table, [rule for rule in rules if rule.column in suspects], whole)
        wrong = pl.Series(sorted({place for place, _ in broken}))
        kept = ~pl.int_range(len(table), eager=True).is_in(wrong.implode())
        return Inspected(table.filter(kept), _named(table, broken, shown))

    def completed(self, raw: pl.DataFrame, contract: Contract) -> pl.DataFrame:
        """Rows as they came, with empty columns for features that a file need not have."""
        wanted = [one.name for one in contract.features if one.name not in raw.columns]
        optional = [n for n in wanted if n in self.columns and not self.columns[n].required]
        return raw.with_columns(pl.lit(None).alias(name) for name in optional)

    def admit(self, raw: pl.DataFrame, contract: Contract, shown: str) -> Inspected:
        """Rows as they came, read as a model takes them (`conform`) and inspected.

        Raises ValueError where no row is to blame: a column is missing.
        """
        try:
            return self.inspect(conform(raw, contract, shown), shown)
        except ValueError:
            unread = unreadable(raw, contract, shown)
            if not unread:
                raise
        rows = pl.Series("row", sorted({one.row for one in unread}), dtype=raw[ROW].dtype)
        rest = raw.filter(~pl.col(ROW).is_in(rows.implode()))
        inspected = self.inspect(conform(rest, contract, shown), shown)
        refused = sorted([*unread, *inspected.refused], key=lambda one: one.row)
        return Inspected(inspected.kept, refused)

    def _check_kinds(self, table: pl.DataFrame, shown: str) -> None:
        lines = [
            f"{shown}: {name} holds {_kind_of(table[name].dtype)} cells, {self.shown} says "
            f"{rules.kind}"
            for name, rules in self.columns.items()
            if name in table.columns and table[name].dtype != TYPES[rules.kind]
        ]
        if lines:
            raise ValueError("\n".join(lines))

    def _broken(self, table: pl.DataFrame, rules: list[Rule], whole: bool) -> dict[Any, Rule]:
        """The first rule that each cell breaks, by place in the table and column; by pandera."""
        from pandera.errors import SchemaErrors

        by_column: dict[tuple[str, bool], list[Rule]] = {}
        for rule in rules:
            by_column.setdefault((rule.column, rule.name == "nullable"), []).append(rule)
        suspects = {rule.column: self.columns[rule.column] for rule in rules}
        try:
            schema_of(suspects, whole=whole).validate(table.select(list(suspects)), lazy=True)
        except SchemaErrors as error:
            cases = error.failure_cases.select("index", "column", "check_number").rows()
        else:
            raise AssertionError(f"pandera finds nothing, and {self.shown} is broken")
        found: dict[Any, Rule] = {}
        for place, column, number in cases:
            rule = by_column[column, number is None][number or 0]
            found.setdefault((place, column), rule)
        return found


def unreadable(raw: pl.DataFrame, contract: Contract, shown: str) -> list[Refusal]:
    """The cells of the features for which `conform` refuses the file, as it would say them."""
    found: list[Refusal] = []
    for column in contract.features:
        if column.name not in raw.columns:
            continue
        cells = raw[column.name]
        typed = read(cells, column.reading)
        known = (
            cells.is_not_nan() & cells.is_not_null()
            if cells.dtype.is_float()
            else cells.is_not_null()
        )
        found += refusals(raw, known & typed.is_null(), column.name, SAID_AS[column.kind], shown)
        if column.kind == "numeric":
            infinite = typed.is_infinite().fill_null(False)
            found += refusals(raw, infinite, column.name, "finite", shown)
            if column.name in contract.ranges:
                low, high = contract.ranges[column.name]
                out = ~typed.is_between(low, high).fill_null(True) & ~infinite
                found += refusals(raw, out, column.name, f"in [{low:g}, {high:g}]", shown)
    return sorted(found, key=lambda one: one.row)


def refusals(
    table: pl.DataFrame, wrong: pl.Series, column: str, rule: str, shown: str
) -> list[Refusal]:
    """One refusal for each row of the table with ROW that is wrong in this column."""
    rows = table.filter(wrong).select(ROW, column).rows()
    return [Refusal(shown, row, column, rule, _plain(value)) for row, value in rows]


def _named(table: pl.DataFrame, broken: dict[Any, Rule], shown: str) -> list[Refusal]:
    rows, cells = table[ROW], {rule.column: table[rule.column] for rule in broken.values()}
    return [
        Refusal(shown, rows[place], column, rule.demand, _plain(cells[column][place]))
        for (place, column), rule in sorted(broken.items(), key=lambda one: one[0][0])
    ]


def _plain(value: Any) -> Value:
    """A cell as JSON can hold it: NaN is an empty cell, and infinity is a word."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return None if value is None or value != value else value


def _kind_of(dtype: pl.DataType) -> Kind | str:
    return next((kind for kind, one in TYPES.items() if dtype == one), str(dtype))
