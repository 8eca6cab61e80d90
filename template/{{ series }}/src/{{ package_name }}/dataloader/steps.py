"""The step between two values of a series, and the place of each time on its grid."""

import re
from dataclasses import dataclass

import polars as pl

from ..configs.settings import Data
from ..utils.predictions import Array
from .column_types import infer, parse

# Each unit in microseconds, or in months of the calendar.
UNITS = {
    "s": (1_000_000, "us"),
    "m": (60_000_000, "us"),
    "h": (3_600_000_000, "us"),
    "d": (86_400_000_000, "us"),
    "w": (604_800_000_000, "us"),
    "mo": (1, "mo"),
    "q": (3, "mo"),
    "y": (12, "mo"),
}


@dataclass(frozen=True)
class Step:
    """size: in the unit, us or mo (months of the calendar), or that of numbers, which is empty.

    month_end: the times are the last days of months.
    """

    size: float
    unit: str = ""
    month_end: bool = False

    def places(self, times: pl.Series) -> pl.Series:
        """Each time in steps; what two times on one grid differ by is whole."""
        return _ticks(times, self.unit).cast(pl.Float64) / self.size

    def shift(self, times: pl.Series, n_steps: Array) -> pl.Series:
        """Each time, so many steps later."""
        moved = pl.Series("by", n_steps * self.size)
        if not self.unit:
            return times + moved
        by = pl.format("{}" + self.unit, moved.cast(pl.Int64))
        later = times.to_frame().select(pl.first().dt.offset_by(by)).to_series()
        return later.dt.month_end() if self.month_end else later


def parse_times(cells: pl.Series, shown: str, rows: pl.Series) -> pl.Series:
    """Dates or numbers; raises ValueError where a cell is neither, or empty. rows: their ROW."""
    times = parse(cells, infer(cells))
    if not (times.dtype.is_temporal() or times.dtype.is_numeric()):
        raise ValueError(f"{shown}: data.time: '{cells.name}' holds no dates; write 2024-01-31")
    if times.null_count():
        first = times.is_null().arg_true()[0]
        raise ValueError(f"{shown} row {rows[first]}: {cells.name} is empty, and names the time")
    return times


def step_of(times: pl.Series, data: Data) -> Step:
    """data.step; raises ValueError where it does not fit the times."""
    step, has_dates = data.step, times.dtype.is_temporal()
    if not has_dates and isinstance(step, int | float) and step > 0:
        return Step(step)
    found = re.fullmatch(r"([1-9]\d*)(s|m|h|d|w|mo|q|y)", str(step))
    if not has_dates or found is None:
        kind = "such as 1mo, 7d, 1h or 15m" if has_dates else "a number, as data.time is"
        raise ValueError(f"conf/default.yaml: data.step must be {kind}, got {step!r}")
    size, unit = UNITS[found[2]]
    month_end = unit == "mo" and bool((times.dt.month_end() == times).all())
    return Step(int(found[1]) * size, unit, month_end)


def _ticks(times: pl.Series, unit: str) -> pl.Series:
    if unit == "mo":
        return times.dt.year() * 12 + times.dt.month()
    return times.dt.epoch("us") if unit else times
