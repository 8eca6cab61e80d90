"""Make examples of a series: the past, and how many steps ahead the value is to be forecast."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.kind import HISTORY, HORIZON, ORIGIN
from ..configs.settings import Data
from ..utils.histories import matrix, mean, newest
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.predictions import Array
from ..utils.suspects import named
from .column_types import CellFormat, infer, known, parse
from .steps import Step, parse_times, step_of

ROW = "_row"  # as in sources.py, which imports this module
ENTITY, PLACE, TARGET = "_entity", "_place", "_target"  # of a row: series, step, place in the file
MIN_KNOWN = 0.5  # of the values of a history
OFF_GRID = 1e-6  # of a step


def to_examples(table: pl.DataFrame, data: Data, *, to_predict: bool) -> pl.DataFrame:
    """An example for each known value and each number of steps from which it is forecast.

    table: rows of a file; one of examples, with their histories, is returned as it is. to_predict:
    the examples of the newest time of each entity, whose values are not known.
    Raises ValueError by row where a time is off the grid or there twice, or a value is no number.
    """
    if {HISTORY, HORIZON} <= set(table.columns):
        return table
    _check(table, data)
    rows = _typed(table, data)
    step = step_of(rows[data.time], data)
    grid = _grid(_placed(rows, step, data), step, data)
    examples = _examples(grid, _origins(grid, data, to_predict), data)
    if to_predict:
        return examples.drop(TARGET, data.target).with_row_index(ROW, offset=1)
    # In the file's order, so that rows that are added later change no number.
    examples = examples.drop_nulls(data.target).sort(TARGET, HORIZON)
    return examples.drop(TARGET).with_row_index(ROW, offset=1)


def labels(data: Data) -> list[str]:
    """The columns that say which forecast a row of predictions is."""
    return [*([data.entity] if data.entity else []), data.time, HORIZON]


def compared(rows: pl.DataFrame, y: Any, data: Data) -> tuple[pl.DataFrame, Any]:
    """What checks for leaks look at: covariates, and the change since the last known value.

    Of a series with a trend any time, and its own past, would seem to give the level away.
    """
    kept = [n for n, dtype in rows.schema.items() if not dtype.is_nested() and n != data.time]
    return rows[kept], y - rows[HISTORY].list.drop_nulls().list.last().to_numpy()


def _check(table: pl.DataFrame, data: Data) -> None:
    columns = {"time": data.time, "entity": data.entity, "target": data.target}
    columns |= {f"future.{place}": name for place, name in enumerate(data.future)}
    for key, name in columns.items():
        if name is not None:
            check_name(name, table.columns, f"conf/default.yaml: data.{key}")
    for name in (HISTORY, HORIZON, ORIGIN):
        if name in table.columns:
            raise ValueError(f"{data.file}: '{name}' is a column of the examples; rename it")
    if data.split.by == "hash":
        text = "a split by hash puts the future of a series in train; by: time, or by: group"
        raise ValueError(f"conf/default.yaml: data.split.by: {text}")


def _typed(table: pl.DataFrame, data: Data) -> pl.DataFrame:
    """The rows by entity and time, with times, the target and past covariates as such."""
    times = parse_times(table[data.time], data.file, table[ROW])
    others = set(table.columns) - {ROW, data.time, data.entity, *data.ignore, *data.future}
    typed = [_numbers(table, name, data) for name in sorted(others)]
    entity = pl.lit("the series") if data.entity is None else pl.col(data.entity)
    rows = table.with_columns(times, *typed, entity.alias(ENTITY))
    return rows.with_row_index(TARGET).sort(ENTITY, data.time, maintain_order=True)


def _numbers(table: pl.DataFrame, name: str, data: Data) -> pl.Series:
    """A column as numbers; another as it is, but ValueError where it is the target."""
    form = CellFormat(type="number", missing=data.missing.get(name, ()))
    cells = known(table[name], form)
    found = infer(cells)
    if found.type != "number" and name != data.target:
        return table[name]
    values = parse(cells, found if found.type == "number" else form)
    if len(odd := table.filter(values.is_null() & cells.is_not_null())):
        shown = f"{data.file} row {odd[ROW][0]}: {name} must be a number"
        raise ValueError(f"{shown}, got {odd[name][0]}")
    return values


def _placed(rows: pl.DataFrame, step: Step, data: Data) -> pl.DataFrame:
    """With PLACE, in steps since the entity's first time; raises ValueError where that is none."""
    place, first = pl.col(PLACE), pl.col(PLACE).min().over(ENTITY)
    rows = rows.with_columns(step.places(rows[data.time]).alias(PLACE))
    rows = rows.with_columns(place - first)
    wrong = {
        "is between two steps": (place - place.round()).abs() > OFF_GRID,
        "has a second value in a step": ~pl.struct(ENTITY, place.round()).is_first_distinct(),
    }
    for problem, where in wrong.items():
        if len(odd := rows.filter(where)):
            of = f" of {odd[ENTITY][0]}" if data.entity else ""
            text = f"{data.time} {odd[data.time][0]}{of} {problem} of {data.step}"
            advice = f"({len(odd)} rows); set data.step, or make one row a step"
            raise ValueError(f"{data.file} row {odd[ROW][0]}: {text} {advice}")
    return rows.with_columns(place.round().cast(pl.Int64))


def _grid(rows: pl.DataFrame, step: Step, data: Data) -> pl.DataFrame:
    """Each entity's steps, one a row: a history before the first, and a horizon after the last."""
    span = pl.int_range(1 - data.history, pl.col(PLACE).max() + data.horizon + 1)
    first = pl.col(data.time).first().alias("_first")
    entities = rows.group_by(ENTITY, maintain_order=True).agg(span.alias(PLACE), first)
    grid = entities.explode(PLACE).join(
        rows, on=[ENTITY, PLACE], how="left", nulls_equal=True, maintain_order="left"
    )
    time = step.shift(grid["_first"], grid[PLACE].to_numpy())
    return grid.with_columns(pl.col(data.time).fill_null(time)).drop(ROW, "_first")


def _origins(grid: pl.DataFrame, data: Data, to_predict: bool) -> Array:
    """The places in the grid of the known values that are forecast from; others are named."""
    known = pl.col(data.target).is_not_null()
    n_known = known.cast(pl.Int64).rolling_sum(data.history, min_samples=1)
    newest = pl.col(PLACE) == pl.col(PLACE).filter(known).max().over(ENTITY)
    chosen = newest if to_predict else pl.col(PLACE) % data.stride == 0
    enough = n_known >= MIN_KNOWN * data.history
    origins = grid.with_row_index("_at").filter(known & enough & chosen)
    entities = grid[ENTITY].unique(maintain_order=True)
    if short := entities.filter(~entities.is_in(origins[ENTITY].implode())).to_list():
        text = f"no forecast of {named(short)}: fewer than half of data.history is known"
        log("examples", text)
    if not len(origins):
        raise ValueError(f"{data.file}: no entity has half of data.history, {data.history} values")
    return origins["_at"].to_numpy()


def _examples(grid: pl.DataFrame, origins: Array, data: Data) -> pl.DataFrame:
    """Each origin with each number of steps ahead; the value may be unknown."""
    ahead = np.arange(1, data.horizon + 1)
    at, n_steps = np.repeat(origins, len(ahead)), np.tile(ahead, len(origins))
    later = grid[at + n_steps]
    columns = [later[data.time], grid[data.time].gather(at).alias(ORIGIN)]
    columns += [pl.Series(HORIZON, n_steps), _histories(grid[data.target], at, data, HISTORY)]
    for cells in grid.drop(data.time, data.target, ENTITY, PLACE, TARGET):
        if cells.name in (data.weight, *data.future):
            columns.append(later[cells.name])
        elif cells.dtype == pl.Float64 and cells.name not in (data.entity, *data.ignore):
            columns.append(_histories(cells, at, data, cells.name))
        else:
            columns.append(cells.gather(at))
    return pl.DataFrame([*columns, later[data.target], later[TARGET]])


def _histories(cells: pl.Series, at: Array, data: Data, name: str) -> pl.Series:
    """The last values at each of these places, as lists with null where one is not known."""
    values = cells.fill_null(float("nan")).to_numpy()
    past = np.lib.stride_tricks.sliding_window_view(values, data.history)[at - data.history + 1]
    flat = pl.Series(name, past.ravel()).fill_nan(None)
    return flat.reshape(past.shape).cast(pl.List(pl.Float64))


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
