"""Lists of past values as arrays, their level, and the values that naive forecasts repeat."""

import numpy as np
import polars as pl

from .predictions import Array


def matrix(cells: pl.Series) -> Array:
    """Shape (n_rows, length), the newest value last, NaN where it is not known.

    Raises ValueError where the lists differ in length.
    """
    lengths = cells.list.len().fill_null(1)
    if lengths.n_unique() > 1:
        raise ValueError(f"{cells.name}: lists of different lengths")
    flat = cells.explode().cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.asarray(flat).reshape(len(cells), int(lengths[0] or 1) if len(cells) else 1)


def mean(past: Array) -> Array:
    """The mean of the known values of each row; NaN where there is none."""
    known = np.isfinite(past)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, past, 0.0).sum(axis=1) / known.sum(axis=1))


def newest(past: Array) -> Array:
    """The last known value of each row; NaN where there is none."""
    place = past.shape[1] - 1 - np.isfinite(past)[:, ::-1].argmax(axis=1)
    return np.asarray(past[np.arange(len(past)), place])


def same_season(past: Array, ahead: Array, season: int | None) -> tuple[Array, Array]:
    """(the newest value of the target's place in the season, how many steps lie between).

    The last known value where that one is not known, or there is no season.
    """
    last = newest(past)
    if season is None:
        return last, ahead
    n_steps = season * np.ceil(ahead / season)
    place = (past.shape[1] - 1 + ahead - n_steps).astype(int)
    found = past[np.arange(len(past)), np.maximum(place, 0)]
    return np.where(np.isfinite(found), found, last), n_steps


def width_of(past: Array, season: int | None) -> int:
    """How many values a level is the mean of: a season, or half of the history."""
    return season or max(1, past.shape[1] // 2)


def level_of(past: Array, season: int | None) -> tuple[Array, Array, Array]:
    """(level, spread, change a step) of each history; shape (n_rows,) each."""
    width = width_of(past, season)
    recent = mean(past[:, -width:])
    level = np.where(np.isfinite(recent), recent, mean(past))
    spread = np.sqrt(mean((past[:, -width:] - level[:, None]) ** 2))
    before = mean(past[:, -2 * width : -width]) if past.shape[1] >= 2 * width else level
    return np.nan_to_num(level), np.nan_to_num(spread), np.nan_to_num((level - before) / width)
