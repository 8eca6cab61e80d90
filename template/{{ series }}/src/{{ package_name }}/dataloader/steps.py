"""The step between two values of a series: infer it, and place each time on its grid."""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..configs.settings import Data
from ..utils.predictions import Array
from .column_types import infer, parse

UNITS_US = {"s": 1e6, "m": 6e7, "h": 3.6e9, "d": 8.64e10, "w": 6.048e11}
UNITS_MONTHS = {"mo": 1, "q": 3, "y": 12}
SHORTEST_MONTH_US = 28 * 8.64e10
OFF_GRID = 1e-6  # of a step


@dataclass(frozen=True)
class Step:
    """months: of the calendar, or 0; size: else microseconds, or the unit of a number.

    month_end: the times are the last days of months.
    """

    months: int = 0
    size: float = 0.0
    month_end: bool = False

    def __str__(self) -> str:
        if self.months:
            return f"{self.months}mo"
        fitting = [unit for unit, us in UNITS_US.items() if self.size and self.size % us == 0]
        return f"{self.size / UNITS_US[fitting[-1]]:g}{fitting[-1]}" if fitting else f"{self.size}"

    def grid(self, times: pl.Series) -> Array:
        """The place of each time, in steps since the first; not whole where it is off the grid."""
        if self.months:
            months = (times.dt.year() * 12 + times.dt.month()).cast(pl.Float64).to_numpy()
            return np.asarray((months - months.min()) / self.months)
        ticks = times.to_physical().cast(pl.Float64).to_numpy()
        return np.asarray((ticks - ticks.min()) / self.size)

    def shift(self, times: pl.Series, n_steps: Array) -> pl.Series:
        """Each time, so many steps later."""
        if not self.months:
            moved = pl.Series(np.asarray(n_steps) * self.size)
            if times.dtype.is_temporal():
                return times + moved.cast(pl.Int64).cast(pl.Duration("us"))
            return times + moved
        months = pl.Series("by", np.asarray(n_steps) * self.months)
        frame = pl.DataFrame([times.alias("time"), months])
        moved = frame.select(pl.col("time").dt.offset_by(pl.format("{}mo", "by"))).to_series()
        return (moved.dt.month_end() if self.month_end else moved).alias(times.name)


def parse_times(cells: pl.Series, shown: str, rows: pl.Series) -> pl.Series:
    """Dates or numbers; raises ValueError where a cell is neither, or empty. rows: their ROW."""
    times = parse(cells, infer(cells))
    if not (times.dtype.is_temporal() or times.dtype.is_numeric()):
        raise ValueError(f"{shown}: data.time: '{cells.name}' holds no dates; write 2024-01-31")
    if times.null_count():
        first = times.is_null().arg_true()[0]
        raise ValueError(f"{shown} row {rows[first]}: {cells.name} is empty, and names the time")
    return times


def step_of(times: pl.Series, entities: pl.Series, data: Data) -> Step:
    """data.step, or the commonest difference of neighbours; raises ValueError where none is."""
    temporal = times.dtype.is_temporal()
    month_end = temporal and bool((times.dt.month_end().dt.date() == times.dt.date()).all())
    if data.step is not None:
        return _stated(data.step, temporal, month_end)
    frame = pl.DataFrame([entities.alias("entity"), times.alias("time")]).unique().sort(pl.all())
    ticks = frame.select(pl.col("time").to_physical().diff().over("entity")).to_series()
    common = ticks.drop_nulls().cast(pl.Float64).mode().sort()
    if not len(common):
        raise ValueError("data.step: one time is too few to see the step; set it, such as 1mo")
    same_day = temporal and (month_end or times.dt.day().n_unique() == 1)
    if same_day and common[0] >= SHORTEST_MONTH_US:
        month = pl.col("time").dt.year() * 12 + pl.col("time").dt.month()
        months = frame.select(month.diff().over("entity")).to_series().drop_nulls()
        return Step(months=int(months.mode().sort()[0]), month_end=month_end)
    return Step(size=float(common[0]))


def _stated(step: str | float, temporal: bool, month_end: bool) -> Step:
    found = re.fullmatch(r"(\d+)(s|m|h|d|w|mo|q|y)", str(step))
    if not temporal and isinstance(step, int | float) and step > 0:
        return Step(size=float(step))
    if not temporal or found is None or int(found[1]) == 0:
        kind = "such as 1mo, 7d, 1h or 15m" if temporal else "a number, as data.time is"
        raise ValueError(f"conf/default.yaml: data.step must be {kind}, got {step!r}")
    n, unit = int(found[1]), found[2]
    if unit in UNITS_MONTHS:
        return Step(months=n * UNITS_MONTHS[unit], month_end=month_end)
    return Step(size=n * UNITS_US[unit])
