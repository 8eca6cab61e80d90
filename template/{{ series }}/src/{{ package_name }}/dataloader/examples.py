"""Make examples of a series: the past, and how many steps ahead the value is to be forecast."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.kind import HISTORY, HORIZON, ORIGIN
from ..configs.settings import Data
from ..utils.histories import matrix, mean, newest
from ..utils.logs import log
from ..utils.predictions import Array
from ..utils.suspects import named
from .column_types import CellFormat, infer, known, parse
from .steps import OFF_GRID, Step, parse_times, step_of

ROW = "_row"  # as in sources.py, which imports this module
MIN_KNOWN = 0.5  # of the values of a history
NONE = -1  # the place of a row that is not there
Pairs = tuple[Array, Array]  # (places on the grid that are forecast, steps ahead)


def to_examples(table: pl.DataFrame, data: Data, *, to_predict: bool) -> pl.DataFrame:
    """An example for each known value and each number of steps from which it is forecast.

    table: rows of a file; one of examples, with their histories, is returned as it is. to_predict:
    the examples of the newest time of each entity, whose values are not known.
    Raises ValueError by row where a time is off the grid or there twice, or a value is no number.
    """
    if {HISTORY, HORIZON} <= set(table.columns):
        return table
    _check(table, data)
    long = _Long.of(table, data)
    pairs = long.newest if to_predict else long.known
    parts = [one for entity in long.entities() for one in long.examples(entity, pairs)]
    if long.short:
        text = f"no forecast of {named(long.short)}: fewer than half of data.history is known"
        log("examples", text)
    if not parts:
        raise ValueError(f"{data.file}: no entity has half of data.history, {data.history} values")
    examples = pl.concat(parts)
    if not to_predict:
        # In the file's order, so that rows that are added later change no number.
        examples = examples.sort("_target", HORIZON).drop("_target")
        return examples.with_row_index(ROW, offset=1)
    return examples.drop("_target", data.target).with_row_index(ROW, offset=1)


def labels(data: Data) -> list[str]:
    """The columns that say which forecast a row of predictions is."""
    return [*([data.entity] if data.entity else []), data.time, HORIZON]


def compared(rows: pl.DataFrame, y: Any, data: Data) -> tuple[pl.DataFrame, Any]:
    """What checks for leaks look at: covariates, and the change since the last known value.

    Of a series with a trend any time, and its own past, would seem to give the level away.
    """
    kept = [n for n, dtype in rows.schema.items() if not dtype.is_nested() and n != data.time]
    return rows[kept], y - newest(matrix(rows[HISTORY]))


def _check(table: pl.DataFrame, data: Data) -> None:
    named_columns = {"time": data.time, "entity": data.entity, "target": data.target}
    for key, name in named_columns.items():
        if name is not None and name not in table.columns:
            raise ValueError(f"{data.file}: data.{key}: there is no column '{name}'")
    for name in (HISTORY, HORIZON, ORIGIN):
        if name in table.columns:
            raise ValueError(f"{data.file}: '{name}' is a column of the examples; rename it")
    if missing := [name for name in data.future if name not in table.columns]:
        raise ValueError(f"{data.file}: data.future: there is no column '{missing[0]}'")
    if data.split.by == "hash":
        text = "a split by hash puts the future of a series in train; by: time, or by: group"
        raise ValueError(f"conf/default.yaml: data.split.by: {text}")


@dataclass
class _Long:
    """The rows of a file, with typed times and values, sorted by entity and time.

    place: of each row on the grid of its entity. short: entities with too little past.
    """

    data: Data
    rows: pl.DataFrame
    step: Step
    place: Array
    short: list[str]

    @classmethod
    def of(cls, table: pl.DataFrame, data: Data) -> "_Long":
        """Raises ValueError by row of the file."""
        times = parse_times(table[data.time], data.file, table[ROW])
        name = table[data.entity].cast(pl.String) if data.entity else pl.lit("all").alias("all")
        rows = table.with_columns(times, name.alias("_entity"), _numbers(table, data.target, data))
        rows = rows.with_columns(pl.int_range(pl.len()).alias("_target"))
        others = set(table.columns) - {ROW, data.time, data.target, data.entity, *data.ignore}
        for covariate in sorted(others - set(data.future)):
            if infer(table[covariate]).type == "number":
                rows = rows.with_columns(_numbers(table, covariate, data))
        rows = rows.sort("_entity", data.time, maintain_order=True)
        step = step_of(rows[data.time], rows["_entity"], data)
        groups = rows.partition_by("_entity", maintain_order=True)
        place = np.concatenate([step.grid(one[data.time]) for one in groups])
        long = cls(data, rows, step, place.round().astype(np.int64), [])
        long._check_grid(place)
        return long

    def _check_grid(self, place: Array) -> None:
        time, shown = self.data.time, f"{self.data.file} row"
        off = np.flatnonzero(np.abs(place - self.place) > OFF_GRID)
        if len(off):
            row = self.rows[int(off[0])]
            text = f"{time} {row[time][0]} is between two steps of {self.step}"
            advice = "set data.step, or make one row a step"
            raise ValueError(f"{shown} {row[ROW][0]}: {text} ({len(off)} rows); {advice}")
        twice = pl.DataFrame([self.rows["_entity"], pl.Series("place", self.place)])
        again = (~twice.select(pl.struct(pl.all()).is_first_distinct()).to_series()).arg_true()
        if len(again):
            row = self.rows[int(again[0])]
            of = f" of {row['_entity'][0]}" if self.data.entity else ""
            text = f"a second value{of} at {time} {row[time][0]} ({len(again)} rows)"
            raise ValueError(f"{shown} {row[ROW][0]}: {text}; a step of {self.step} has one value")

    def entities(self) -> Iterator[Array]:
        """The places in `rows` of each entity."""
        codes = self.rows["_entity"].rle_id().to_numpy()
        yield from np.split(np.arange(len(codes)), np.flatnonzero(np.diff(codes)) + 1)

    def known(self, values: Array) -> Pairs:
        """Each known value, from the known ones up to data.horizon steps before."""
        targets = np.flatnonzero(np.isfinite(values))
        ahead = np.arange(1, self.data.horizon + 1)
        at, steps = np.repeat(targets, len(ahead)), np.tile(ahead, len(targets))
        origins = np.maximum(at - steps, 0)
        kept = (at >= steps) & (origins % self.data.stride == 0) & np.isfinite(values[origins])
        return at[kept], steps[kept]

    def newest(self, values: Array) -> Pairs:
        """The steps after the last known value."""
        ahead = np.arange(1, self.data.horizon + 1)
        return np.flatnonzero(np.isfinite(values))[-1:].repeat(len(ahead)) + ahead, ahead

    def examples(self, chosen: Array, pairs: Any) -> Iterator[pl.DataFrame]:
        """The examples of one entity; none where too little of its past is known."""
        data, rows = self.data, self.rows[chosen]
        place, n_past = self.place[chosen], data.history
        row_at = np.full(place.max() + 1 + data.horizon, NONE)
        row_at[place] = np.arange(len(rows))
        past = _windows(_on_grid(rows[data.target], row_at), n_past)
        values = past[: place.max() + 1, -1]
        at, steps = pairs(values) if np.isfinite(values).any() else (row_at[:0], row_at[:0])
        enough = np.isfinite(past[at - steps]).mean(axis=1) >= MIN_KNOWN
        at, steps = at[enough], steps[enough]
        if not len(at):
            self.short.append(rows["_entity"][0])
            return
        origin, target = at - steps, row_at[at]
        # From the last row at or before the origin: a gap has no row of its own.
        before = np.maximum.accumulate(row_at)[origin]
        anchor = rows[data.time].gather(before)
        columns = [self.step.shift(anchor, at - place[before]).alias(data.time)]
        columns.append(self.step.shift(anchor, origin - place[before]).alias(ORIGIN))
        columns += [pl.Series(HORIZON, steps), _lists(past[origin], HISTORY)]
        for cells in rows.drop(ROW, data.time, "_entity", "_target", data.target):
            if cells.name in (data.entity, data.weight, *data.future):
                here = np.where(target == NONE, before, target)
                gap = target == NONE if cells.name != data.entity else target < NONE
                columns.append(cells.gather(here).set(pl.Series(gap), None))
            elif cells.dtype == pl.Float64 and cells.name not in data.ignore:
                windows = _windows(_on_grid(cells, row_at), n_past)
                columns.append(_lists(windows[origin], cells.name))
            else:
                columns.append(cells.gather(before))
        value = rows[data.target].gather(np.maximum(target, 0)).set(pl.Series(target == NONE), None)
        file_row = rows["_target"].gather(np.maximum(target, 0))
        yield pl.DataFrame([*columns, value, file_row])


def _numbers(table: pl.DataFrame, name: str, data: Data) -> pl.Series:
    """A column as numbers; raises ValueError where a cell is none, and not data.missing."""
    cells = table[name]
    found = infer(cells) if isinstance(cells.dtype, pl.String) else CellFormat(type="number")
    form = CellFormat(
        type="number",
        decimal_comma=found.decimal_comma,
        missing=data.missing.get(name, ()),
    )
    values, there = parse(cells, form), known(cells, form)
    odd = (values.is_null() & there.is_not_null()).arg_true()
    if len(odd) and name == data.target:
        row = table[ROW][int(odd[0])]
        shown = f"{data.file} row {row}: {name} must be a number"
        raise ValueError(f"{shown}, got {cells[int(odd[0])]}")
    return values.cast(pl.Float64).alias(name)


def _on_grid(cells: pl.Series, row_at: Array) -> Array:
    """The value of each place, NaN where it has no row."""
    values = cells.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.where(row_at == NONE, np.nan, values[np.maximum(row_at, 0)])


def _windows(values: Array, length: int) -> Array:
    """The newest `length` values at each place; NaN before the first. Shape (n, length)."""
    padded = np.concatenate([np.full(length - 1, np.nan), values])
    return np.lib.stride_tricks.sliding_window_view(padded, length)


def _lists(values: Array, name: str) -> pl.Series:
    """A list of numbers for each row, null where NaN. values: shape (n_rows, length)."""
    flat = pl.Series(name, values.ravel()).fill_nan(None)
    return flat.reshape((len(values), values.shape[1])).cast(pl.List(pl.Float64))


def measures(
    rows: pl.DataFrame, values: pl.DataFrame, data: Data
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is compared between times, since the level of a series with a trend always moves.

    The last known value less the mean of the history, and values less the last known one.
    """
    if HISTORY not in rows.columns:
        return rows, values
    past = matrix(rows[HISTORY])
    last = newest(past)
    rise = pl.Series(HISTORY, last - mean(past))
    return rows.with_columns(rise), values.with_columns(pl.all() - last)


def is_unchanged(root: Path, manifest: dict[str, Any]) -> bool:
    """Whether files beside the table are as they were: there are none."""
    return True


def inline(table: pl.DataFrame) -> pl.DataFrame:
    """The rows without files beside them, as a request holds them."""
    return table


# Type of a column -> rules beyond those of its values: (in words, column -> which cells are valid).
CELL_RULES: dict[str, list[tuple[str, Callable[[pl.Series], pl.Series]]]] = {}
# Type of a column -> pydantic's type of its values in a request, beyond those of all kinds.
REQUEST_CELLS: dict[str, Any] = {}
