"""Lists of past values as arrays, and the values that naive forecasts repeat."""

import numpy as np
import polars as pl

from .predictions import Array


def matrix(cells: pl.Series) -> Array:
    """Shape (n_rows, length), the newest value last, NaN where it is not known.

    Raises ValueError where the lists differ in length.
    """
    lengths = cells.list.len().fill_null(1)
    length = int(lengths[0] or 1) if len(cells) else 1
    if (lengths != length).any():
        raise ValueError(f"{cells.name}: lists of different lengths")
    flat = cells.explode().cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.asarray(flat).reshape(len(cells), -1)


def mean(past: Array) -> Array:
    """The mean of the known values of each row; NaN where there is none."""
    known = np.isfinite(past)
    count = known.sum(axis=1)
    total = np.where(known, past, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


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
