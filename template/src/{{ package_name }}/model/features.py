"""The columns of a table as a model takes them: numbers as floats, text as text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import polars as pl

MISSING = "(missing)"
MICROSECONDS = 1e6


class Described(Protocol):
    """What is read of a column's description."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True)
class Columns:
    """Feature names by how they are treated.

    dates: with a trend over the years. seasons: dates without it, since a split by time puts
    every later year outside of what was learnt.
    """

    numbers: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    seasons: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order of X."""
        return self.numbers + self.truths + self.categories + self.dates + self.seasons


def group(columns: Iterable[Described]) -> Columns:
    """Sort described columns by treatment."""
    listed = list(columns)

    def of(*kinds: str, role: str | None = None) -> tuple[str, ...]:
        fits = [c for c in listed if c.kind in kinds and role in (None, c.role)]
        return tuple(column.name for column in fits)

    return Columns(
        numbers=of("numeric"),
        truths=of("boolean"),
        categories=of("categorical", "text"),
        dates=of("date", role="feature"),
        seasons=of("date", role="time"),
    )


def to_X(table: pl.DataFrame, columns: Columns) -> pl.DataFrame:  # noqa: N802
    """X, shape (n_rows, n_features): floats (NaN where empty) and text; learns nothing.

    Dates become seconds since 1970, truth values 0 and 1.
    """
    floats = [pl.col(name).cast(pl.Float64) for name in columns.numbers + columns.truths]
    texts = [pl.col(name).fill_null(MISSING) for name in columns.categories]
    dates = [
        pl.col(name).cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / MICROSECONDS
        for name in columns.dates + columns.seasons
    ]
    return table.select(
        *(column.fill_null(float("nan")) for column in floats),
        *texts,
        *(column.fill_null(float("nan")) for column in dates),
    )
