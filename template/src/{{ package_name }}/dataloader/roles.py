"""Which columns a model may use, decided when the data is prepared."""

import difflib
from collections.abc import Mapping

import polars as pl

from ..configs.schema import Data
from .contract import Column, Contract, Role
from .kinds import Reading


def check_names(data: Data, columns: tuple[str, ...], shown: str) -> None:
    """Raise ValueError if the configuration names a column that the file does not have."""
    named = {"data.target": data.target, "data.id": data.id, "data.split.column": data.split.column}
    wanted = [(key, name) for key, name in named.items() if name is not None]
    wanted += [("data.ignore", name) for name in data.ignore]
    wanted += [("data.ranges", name) for name in data.ranges]
    lines = [
        f"conf/default.yaml: {key}: {shown} has no column '{name}'; {_hint(name, columns)}"
        for key, name in wanted
        if name not in columns
    ]
    if lines:
        raise ValueError("\n".join(lines))


def _hint(name: str, columns: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, columns, n=1)
    return f"did you mean '{near[0]}'?" if near else f"it has {', '.join(columns[:20])}"


def agree(table: pl.DataFrame, readings: Mapping[str, Reading], data: Data) -> Contract:
    """The contract of a typed table: each column's kind, role and what was seen in it."""
    columns = tuple(
        _column(table[name], reading, *_role(table[name], reading, data))
        for name, reading in readings.items()
    )
    return Contract(columns, {name: (low, high) for name, (low, high) in data.ranges.items()})


def _role(cells: pl.Series, reading: Reading, data: Data) -> tuple[Role, str | None]:
    if role := _chosen(cells.name, data):
        return role, None
    why = _useless(cells, reading)
    return ("left-out", why) if why else ("feature", None)


def _chosen(name: str, data: Data) -> Role | None:
    """The role that the configuration gives a column."""
    if name == data.target:
        return "target"
    if name == data.id:
        return "id"
    if name == data.split.column and data.split.by != "hash":
        return "time" if data.split.by == "time" else "group"
    return "ignored" if name in data.ignore else None


def _useless(cells: pl.Series, reading: Reading) -> str | None:
    """Why no model can learn from a column; None if one can."""
    values = cells.drop_nulls()
    if not len(values):
        return "it is empty"
    if values.n_unique() == 1 and len(values) == len(cells):
        return "every row holds the same value"
    if reading.kind == "text":
        return "nearly every row holds another text"
    if reading.kind == "numeric" and len(values) == len(cells) and _counts_rows(values):
        return "it numbers the rows"
    return None


def _counts_rows(values: pl.Series) -> bool:
    return len(values) > 2 and bool((values.diff().drop_nulls() == 1).all())


def _column(cells: pl.Series, reading: Reading, role: Role, why: str | None) -> Column:
    low, high = _ends(cells) if reading.kind in ("numeric", "date") else (None, None)
    return Column(
        name=cells.name,
        kind=reading.kind,
        role=role,
        nulls=cells.null_count(),
        min=low,
        max=high,
        n_unique=cells.drop_nulls().n_unique(),
        why=why,
        format=reading.format,
        decimal_comma=reading.decimal_comma,
    )


def _ends(cells: pl.Series) -> tuple[float | str | None, float | str | None]:
    low, high = cells.min(), cells.max()
    if isinstance(low, float) and isinstance(high, float):
        return low, high
    return (None, None) if low is None else (str(low), str(high))
