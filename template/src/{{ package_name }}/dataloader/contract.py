"""What was agreed about the columns when the data was prepared, and whether a table keeps to it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from . import violations
from .kinds import Kind, Reading, read
from .read import ROW

Role = Literal["feature", "target", "id", "group", "time", "ignored", "left-out"]
SAID_AS: dict[str, str] = {
    "numeric": "a number",
    "boolean": "true or false",
    "date": "a date",
    "categorical": "text",
    "text": "text",
}


@dataclass(frozen=True)
class Column:
    """One column: what it holds, what it is for, and what was seen in it.

    why: the reason for a role that the user did not choose. format: how its dates are written.
    """

    name: str
    kind: Kind
    role: Role
    nulls: int
    min: float | str | None
    max: float | str | None
    n_unique: int
    why: str | None = None
    format: str | None = None
    decimal_comma: bool = False

    @property
    def reading(self) -> Reading:
        """How to read its cells."""
        return Reading(self.kind, self.format, self.decimal_comma)

    @property
    def is_feature(self) -> bool:
        """Whether a model sees it. Of the time column it sees weekday and season."""
        return self.role in ("feature", "time")


@dataclass(frozen=True)
class Contract:
    """The columns in the file's order, and the ranges from conf/default.yaml."""

    columns: tuple[Column, ...]
    ranges: dict[str, tuple[float, float]]

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns a model sees."""
        return tuple(column for column in self.columns if column.is_feature)

    @property
    def target(self) -> Column:
        """The column to predict."""
        return next(column for column in self.columns if column.role == "target")

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the manifest and the model's description."""
        return {"columns": [asdict(column) for column in self.columns], "ranges": self.ranges}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Contract:
        """The contract that `to_json` wrote."""
        ranges = {name: (low, high) for name, (low, high) in content["ranges"].items()}
        return cls(tuple(Column(**column) for column in content["columns"]), ranges)


def conform(
    table: pl.DataFrame, contract: Contract, shown: str, columns: Sequence[Column] | None = None
) -> pl.DataFrame:
    """The table with ROW and the contract's features, each read as its kind.

    columns: other columns than the features. Raises ValueError with one line a violation: missing
    columns by name, cells of a wrong type, infinite or out of range by row.
    """
    wanted = contract.features if columns is None else tuple(columns)
    if missing := [column.name for column in wanted if column.name not in table.columns]:
        raise ValueError("\n".join(_missing(name, table, shown) for name in missing))
    typed = table.select(
        ROW, *(read(table[column.name], column.reading).alias(column.name) for column in wanted)
    )
    problems = [line for column in wanted for line in _mistyped(table, typed, column, shown)]
    numbers = [column.name for column in wanted if column.kind == "numeric"]
    problems += violations.not_finite(typed, numbers, shown)
    problems += violations.out_of_range(typed, contract.ranges, shown)
    if problems:
        raise ValueError("\n".join(problems))
    return typed


def _missing(name: str, table: pl.DataFrame, shown: str) -> str:
    near = difflib.get_close_matches(name, table.columns, n=1, cutoff=0.75)
    hint = f"; is it '{near[0]}'?" if near else ""
    return f"{shown}: column '{name}' is missing, the model was trained with it{hint}"


def _mistyped(table: pl.DataFrame, typed: pl.DataFrame, column: Column, shown: str) -> list[str]:
    if typed[column.name].null_count() == table[column.name].null_count():
        return []
    wrong = table[column.name].is_not_null() & typed[column.name].is_null()
    if table[column.name].dtype.is_float():
        wrong &= table[column.name].is_not_nan()
    demand = SAID_AS[column.kind]
    if column.kind == "date" and column.format:
        demand += f" like {column.format}"
    return violations.cells(table, wrong, column.name, demand, shown)
