"""Split a table into train, valid and test, before anything is fitted: add yours to SPLITS."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Data, Split
from ..utils.predictions import moments
from .sources import ROW

PARTS = ("train", "valid", "test")
GAP = "gap"
N_KEYS = 50_000  # hashed at once, so that few are Python objects at a time


def split_by_hash(table: pl.DataFrame, data: Data) -> pl.Series:
    """By a hash of the row's id, or else of all its values but the target.

    A row keeps its part when rows are added. Rows that differ in the target or in ignored columns
    only share a part: on both sides of the split they would reward a model that memorises rows.
    """
    if data.id is not None:
        return _parts_of(table[data.id].cast(pl.String), data.split)
    unused = {ROW, data.target, *data.ignore}
    values = table.select(pl.exclude(unused).cast(pl.String).fill_null("\x1e"))
    keys = values.select(pl.concat_str(pl.all(), separator="\x1f")).to_series()
    return _parts_of(keys, data.split)


def split_by_group(table: pl.DataFrame, data: Data) -> pl.Series:
    """By a hash of `data.split.column`: rows of one group share a part."""
    return _parts_of(split_column(table, data).cast(pl.String), data.split)


def split_by_time(table: pl.DataFrame, data: Data) -> pl.Series:
    """By `data.split.column`: test holds the last rows, valid those before them.

    Rows of one moment share a part. data.split.valid_from and test_from say where parts begin;
    rows within data.split.gap before that are GAP, which `prepare` leaves out.
    """
    times, chosen = split_column(table, data), data.split
    if not (times.dtype.is_temporal() or times.dtype.is_numeric()):
        advice = "write dates such as 2024-12-31, or years as numbers"
        where = f"conf/default.yaml: data.split.column: '{chosen.column}'"
        raise ValueError(f"{where} holds no times; {advice}")
    starts = pl.Series([chosen.valid_from, chosen.test_from])
    starts = starts.str.to_datetime(time_unit="us") if times.dtype.is_temporal() else starts
    valid_from, test_from = starts.cast(times.dtype)
    late = pl.when(times >= valid_from).then(pl.lit("valid")).otherwise(pl.lit("train"))
    part = table.select(
        pl.when(times >= test_from).then(pl.lit("test")).otherwise(late)
    ).to_series()
    at = moments(times)
    for start in moments(pl.Series([valid_from, test_from], dtype=times.dtype)):
        part = part.set(pl.Series((at < start) & (at >= start - chosen.gap)), GAP)
    return part


# Name for `data.split.by` -> function of the typed table that returns each row's part, one of
# PARTS or GAP, in the table's order. It must not use the target, and must give the same part again.
SPLITS: dict[str, Callable[[pl.DataFrame, Data], pl.Series]] = {
    "hash": split_by_hash,
    "group": split_by_group,
    "time": split_by_time,
}


def split(table: pl.DataFrame, data: Data) -> pl.Series:
    """Each row's part by SPLITS[data.split.by]; raises ValueError if a part is empty."""
    part = SPLITS[data.split.by](table, data).alias("part")
    if odd := sorted(set(part.unique()) - {*PARTS, GAP}, key=str):
        raise ValueError(f"dataloader/split.py: split '{data.split.by}' returned part {odd[0]!r}")
    if empty := [name for name in PARTS if not (part == name).any()]:
        advice = f"raise the shares, or choose another column than {data.split.column!r}"
        where = f"no row is left for {', '.join(empty)}"
        raise ValueError(f"conf/default.yaml: data.split: {where}; {advice}")
    return part


def split_column(table: pl.DataFrame, data: Data) -> pl.Series:
    """`data.split.column`; raises ValueError where it is not set or a cell is empty."""
    name = data.split.column
    if name is None:
        raise ValueError(f"conf/default.yaml: data.split.column: by '{data.split.by}' needs one")
    if len(empty := table.filter(pl.col(name).is_null())[ROW]):
        rule = "data.split.column needs a value in every row"
        raise ValueError(f"row {empty[0]}: {name} is empty ({len(empty)} rows), and {rule}")
    return table[name]


def freeze_times(table: pl.DataFrame, data: Data, before: dict[str, Any]) -> Data:
    """The settings with valid_from and test_from of a split by time.

    before: the manifest's `split`; with the same settings its times are kept, so that rows that
    arrive later move no earlier row.
    """
    chosen = data.split
    if chosen.by != "time" or (chosen.valid_from and chosen.test_from):
        return data
    settings = chosen.model_dump(mode="json", exclude={"valid_from", "test_from"})
    if all(before.get(key) == value for key, value in settings.items()):
        times = [before["valid_from"], before["test_from"]]
    else:
        ordered = split_column(table, data).sort()
        shares = (1 - chosen.valid - chosen.test, 1 - chosen.test)
        times = [str(ordered[int(len(ordered) * share)]) for share in shares]
    frozen = chosen.model_copy(update={"valid_from": times[0], "test_from": times[1]})
    return data.model_copy(update={"split": frozen})


def _parts_of(keys: pl.Series, chosen: Split) -> pl.Series:
    """A part for each key, by a hash that no library version changes."""
    named = (f"{chosen.seed}:" + keys.fill_null("None")).cast(pl.Binary).to_frame("key")
    digests = b"".join(_digests(rows["key"].to_list()) for rows in named.iter_slices(N_KEYS))
    place = pl.Series("place", np.frombuffer(digests, dtype=">u8") / 2**64).to_frame()
    is_test = pl.col("place") < chosen.test
    is_valid = pl.col("place") < chosen.test + chosen.valid
    late = pl.when(is_valid).then(pl.lit("valid")).otherwise(pl.lit("train"))
    return place.select(pl.when(is_test).then(pl.lit("test")).otherwise(late)).to_series()


def _digests(keys: list[bytes]) -> bytes:
    """Eight bytes for each key."""
    return b"".join([hashlib.blake2b(key, digest_size=8).digest() for key in keys])
