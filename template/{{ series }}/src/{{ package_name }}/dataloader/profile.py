"""Describe the columns of examples, and name what looks wrong with their series."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..configs.kind import HISTORY, HORIZON, ORIGIN
from ..configs.settings import Data
from ..utils.suspects import Suspect, named, numbers, shown
from .describe import describe
from .schema import Schema
from .steps import Step, step_of
from .suspects.shifts import levels
from .suspects.values import sentinels

MAX_ENTITIES = 50  # that are looked at one by one
FEW, MIN_ROWS = 0.02, 50
LEAK_R = 0.975  # of the changes of a covariate and of the target
STEP_Z = 12.0  # of a change that lasts, in usual changes


def find_suspects(
    raw: pl.DataFrame, table: pl.DataFrame, part: pl.Series, schema: Schema, data: Data
) -> Iterator[Suspect]:
    """What looks wrong with the series. table: typed examples, and in which part each is."""
    found = table.with_columns(part.alias("_part"), _entity(table, data))
    nearest = found.sort(HORIZON).unique(["_entity", data.time], keep="first")
    series = nearest.sort("_entity", data.time)
    step = step_of(series[data.time], series["_entity"], data)
    yield from _gaps(series, data, step)
    yield from _late(series, data)
    yield from sentinels(series[[data.target]])
    yield from _negative(series, data)
    for rows in series.partition_by("_entity", maintain_order=True)[:MAX_ENTITIES]:
        stepped = [*levels(rows[[data.time, data.target]], data.time)]
        yield from stepped or _lasting(rows, data)
    for name in data.future:
        if series[name].dtype.is_numeric():
            yield from _unknowable(series.filter(pl.col("_part") == "train"), name, data, step)


def profile(table: pl.DataFrame, schema: Schema) -> list[dict[str, Any]]:
    """For each column: name, type, nulls, distinct, min, median, max and the commonest values.

    table: typed examples; of a list all numbers count. Written to reports/profile.json.
    """
    return [_describe(table[name], column.type) for name, column in schema.columns.items()]


def excluded_columns(table: pl.DataFrame, schema: Schema) -> dict[str, str]:
    """Column name -> why no model can learn from it."""
    reasons = {ORIGIN: "it is the time less the horizon"}
    for name, column in schema.columns.items():
        cells, fixed = table[name], (HISTORY, HORIZON, ORIGIN)
        if name not in fixed and column.type not in ("numbers", "date"):
            if cells.drop_nulls().n_unique() < 2 and not cells.null_count():
                reasons[name] = "every row holds the same value"
            elif cells.null_count() == len(cells):
                reasons[name] = "it is empty"
    return {name: reason for name, reason in reasons.items() if name in schema.columns}


def _entity(table: pl.DataFrame, data: Data) -> pl.Series:
    if data.entity is None:
        return pl.repeat("the series", len(table), eager=True).alias("_entity")
    return table[data.entity].cast(pl.String).alias("_entity")


def _gaps(series: pl.DataFrame, data: Data, step: Step) -> Iterator[Suspect]:
    """Steps without a value. series: a row for each entity and time, in order."""
    first, n_missing = [], 0
    for rows in series.partition_by("_entity", maintain_order=True):
        places = step.grid(rows[data.time]).round()
        missing = np.diff(places) - 1
        n_missing += int(missing.sum())
        first += rows[data.time].gather(np.flatnonzero(missing > 0)).to_list()
    if n_missing:
        evidence = f"{n_missing} of {n_missing + len(series)} steps of {step} have no value, after "
        evidence += shown(str(time).removesuffix(" 00:00:00") for time in first)
        fix = "fill them in the file; a history has an empty value there"
        yield Suspect([data.time], "gaps", "ask", n_missing, evidence, fix)


def _late(series: pl.DataFrame, data: Data) -> Iterator[Suspect]:
    """Entities of which train has no value to be forecast."""
    in_train = (pl.col("_part") == "train").any()
    late = series.group_by("_entity").agg(in_train).filter(~pl.col("_part"))["_entity"].sort()
    if len(late) and data.split.by == "time":
        rows = int(series["_entity"].is_in(late.implode()).sum())
        evidence = f"{named(late.to_list())} start after train: their forecasts are of a stranger"
        fix = "evaluate them on their own (evaluation.slices), or leave them out"
        column = data.entity or data.time
        yield Suspect([column], "late start", "ask", rows, evidence, fix)


def _negative(series: pl.DataFrame, data: Data) -> Iterator[Suspect]:
    """A few values below 0 of a target that is else above."""
    values = series[data.target].drop_nulls()
    below = values.filter(values < 0)
    if 0 < len(below) <= FEW * len(values) and len(values) >= MIN_ROWS:
        evidence = f"{len(below)} of {len(values)} values are below 0: {shown(below)}"
        fix = f"data.ranges: {{{data.target}: [0, ...]}}"
        yield Suspect([data.target], "negative", "ask", len(below), evidence, fix)


def _lasting(rows: pl.DataFrame, data: Data) -> Iterator[Suspect]:
    """A change against the season before that is sudden, and stays for a season or more."""
    width = data.season or data.history // 2
    values = numbers(rows[data.target])
    change = values[width:] - values[:-width] if data.season else values
    if len(change) < 4 * width or width < 4:
        return
    windows = np.lib.stride_tricks.sliding_window_view(change, width)
    medians = np.median(windows, axis=1)
    jumps = np.abs(medians[width:] - medians[:-width])
    place = int(jumps.argmax())
    usual = np.median(jumps) + 1e-9 * np.abs(values).max()
    if jumps[place] > STEP_Z * usual:
        at = str(rows[data.time][place + 2 * width - 1]).removesuffix(" 00:00:00")
        evidence = f"the level of {rows['_entity'][0]} changes by {jumps[place]:.4g} near {at}, "
        evidence += f"{jumps[place] / usual:.0f} times a usual change, and stays"
        fix = "correct the rows in the file, or begin after it"
        yield Suspect([data.target], "level", "ask", len(rows) - place, evidence, fix)


def _unknowable(train: pl.DataFrame, name: str, data: Data, step: Step) -> Iterator[Suspect]:
    """A covariate of data.future whose changes are those of the target, at any step ahead."""
    pairs: dict[int, list[Any]] = {}
    for rows in train.partition_by("_entity", maintain_order=True)[:MAX_ENTITIES]:
        at = step.grid(rows[data.time]).round().astype(int)
        grid = np.full((2, at.max() + 1), np.nan)
        grid[:, at] = numbers(rows[name]), numbers(rows[data.target])
        ahead, past = np.diff(grid)
        for lag in range(1 - data.horizon, data.horizon + 1):
            kept = slice(max(0, -lag), len(past) - max(0, lag))
            moved = slice(max(0, lag), len(past) - max(0, -lag))
            if len(past[moved]) >= MIN_ROWS:
                pairs.setdefault(lag, []).append((ahead[kept], past[moved]))
    found = {lag: _correlation(parts) for lag, parts in pairs.items()}
    lag = max(found, key=lambda one: found[one], default=0)
    if found.get(lag, 0.0) > LEAK_R:
        when = f"{lag} steps later" if lag > 0 else f"{-lag} steps before"
        when = when if lag else "at the same time"
        evidence = f"its changes are those of {data.target} {when} (correlation {found[lag]:.3f}), "
        evidence += f"which is not known {data.horizon} steps ahead"
        fix = f"take {name} out of data.future"
        yield Suspect([name], "future covariate", "leak", len(train), evidence, fix)


def _correlation(parts: list[Any]) -> float:
    """The absolute correlation of the pairs that are known; 0 of a constant."""
    one, other = (np.concatenate(values) for values in zip(*parts, strict=True))
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < MIN_ROWS or not one[known].any() or not other[known].any():
        return 0.0
    return abs(float(np.nan_to_num(np.corrcoef(one[known], other[known])[0, 1])))


def _describe(cells: pl.Series, kind: str) -> dict[str, Any]:
    if kind != "numbers":
        return describe(cells, kind)
    found = describe(cells.explode(), "number")
    return found | {"type": kind, "nulls": cells.null_count()}
