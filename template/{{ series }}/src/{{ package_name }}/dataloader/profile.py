"""Describe the columns of examples, and name what looks wrong with their series."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..configs.kind import HISTORY, HORIZON, ORIGIN
from ..configs.settings import Data
from ..utils.suspects import Suspect, numbers, shown
from .describe import describe
from .schema import Schema
from .steps import Step, step_of
from .suspects.shifts import levels
from .suspects.values import sentinels

MAX_ENTITIES = 50  # that are looked at one by one
MIN_ROWS = 50
LEAK_R = 0.975  # of the changes of a covariate and of the target
STEP_Z = 12.0  # of a change that lasts, in usual changes


def find_suspects(
    raw: pl.DataFrame, table: pl.DataFrame, part: pl.Series, schema: Schema, data: Data
) -> Iterator[Suspect]:
    """What looks wrong with the series. table: typed examples, and in which part each is."""
    entity = pl.lit("the series") if data.entity is None else pl.col(data.entity).cast(pl.String)
    found = table.with_columns(entity.alias("_entity"), part.alias("_part")).sort(HORIZON)
    series = found.unique(["_entity", data.time], keep="first").sort("_entity", data.time)
    step = step_of(series[data.time], data)
    yield from _gaps(series, data, step)
    yield from sentinels(series[[data.target]])
    for rows in series.partition_by("_entity", maintain_order=True)[:MAX_ENTITIES]:
        stepped = [*levels(rows[[data.time, data.target]], data.time)]
        yield from stepped or _lasting(rows, data)
    train = series.filter(_part="train")
    for name in [name for name in data.future if series[name].dtype.is_numeric()]:
        yield from _unknowable(train, name, data, step)


def profile(table: pl.DataFrame, schema: Schema) -> list[dict[str, Any]]:
    """For each column: name, type, nulls, distinct, min, median, max and the commonest values.

    table: typed examples; of a list all numbers count. Written to reports/profile.json.
    """
    found = []
    for name, column in schema.columns.items():
        is_list, cells = column.type == "numbers", table[name]
        one = describe(cells.explode() if is_list else cells, "number" if is_list else column.type)
        found.append(one | {"type": column.type, "nulls": cells.null_count()})
    return found


def excluded_columns(table: pl.DataFrame, schema: Schema) -> dict[str, str]:
    """Column name -> why no model can learn from it."""
    reasons = {ORIGIN: "it is the time less the horizon"} if ORIGIN in schema.columns else {}
    for name in [n for n in schema.columns if n not in (HISTORY, HORIZON, ORIGIN)]:
        cells = table[name]
        if cells.null_count() == len(cells):
            reasons[name] = "it is empty"
        elif not cells.dtype.is_nested() and cells.n_unique() < 2:
            reasons[name] = "every row holds the same value"
    return reasons


def _gaps(series: pl.DataFrame, data: Data, step: Step) -> Iterator[Suspect]:
    """Steps without a value. series: a row for each entity and time, in order."""
    places = series.select("_entity", data.time, place=step.places(series[data.time]))
    missing = (pl.col("place").diff(-1).over("_entity") * -1 - 1).round()
    gaps = places.select(data.time, n=missing).filter(pl.col("n") > 0)
    if n_missing := int(gaps["n"].sum()):
        evidence = (
            f"{n_missing} of {n_missing + len(series)} steps of {data.step} have no value, after "
        )
        evidence += shown(str(time).removesuffix(" 00:00:00") for time in gaps[data.time])
        fix = "fill them in the file; a history has an empty value there"
        yield Suspect([data.time], "gaps", "ask", n_missing, evidence, fix)


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
    place = step.places(train[data.time]).round().cast(pl.Int64).alias("place")
    columns = {"known": name, "sold": data.target}
    changes = [pl.col(one).diff().over("_entity").alias(key) for key, one in columns.items()]
    is_next = pl.col("place").diff().over("_entity") == 1
    rows = train.with_columns(place).with_columns(changes).filter(is_next)
    found = {}
    for lag in range(1 - data.horizon, data.horizon + 1):
        later = rows.select("_entity", pl.col("place") - lag, "sold")
        pairs = rows.select("_entity", "place", "known").join(later, on=["_entity", "place"])
        pairs = pairs.drop_nulls()
        if len(pairs) >= MIN_ROWS:
            r = pairs.select(pl.corr("known", "sold").fill_nan(0.0).abs()).item()
            found[lag] = float(r or 0.0)
    lag = max(found, key=lambda one: found[one], default=0)
    if found.get(lag, 0.0) > LEAK_R:
        when = f"{abs(lag)} steps {'later' if lag > 0 else 'before'}" if lag else "at the same time"
        evidence = f"its changes are those of {data.target} {when} (correlation {found[lag]:.3f}), "
        evidence += f"which is not known {data.horizon} steps ahead"
        fix = f"take {name} out of data.future"
        yield Suspect([name], "future covariate", "leak", len(train), evidence, fix)
