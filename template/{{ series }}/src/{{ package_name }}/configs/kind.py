"""Keys of `data` in conf/default.yaml that this kind of data has beside the common ones."""

from typing import Annotated, Any

import polars as pl
from pydantic import Field, model_validator

from .section import Section

Steps = Annotated[int, Field(ge=1)]
# Columns of an example that no file has: the past, how many steps ahead, and from when.
HISTORY, HORIZON, ORIGIN = "history", "horizon", "origin"


class Keys(Section):
    """A long table: a row is the value of one entity at one time.

    time: its column. entity: the column that names a series; null: there is one. step: between two
    values, such as 1mo, 7d, 1h or 15m, or a number where times are numbers. horizon, history,
    season, stride: in steps; how far ahead, how much of the past a forecast sees, the period (null:
    none), and from which times forecasts are made: every one, or every n-th. future: columns that
    are known beforehand; of the others a forecast sees the past. interval: the share of values
    that should lie within the interval of a forecast.
    """

    time: str
    entity: str | None = None
    step: str | float
    horizon: Steps
    history: Annotated[int, Field(ge=2)]
    season: Steps | None = None
    stride: Steps = 1
    future: tuple[str, ...] = ()
    interval: Annotated[float, Field(gt=0, lt=1)] = 0.9

    def rules(self, cells: pl.Series) -> dict[str, Any]:
        """What conf/schema.yaml holds of a column whatever its cells look like: nothing."""
        return {}

    def preprocessing(self) -> dict[str, Any]:
        """Keywords of the Preprocessor."""
        return {"season": self.season, "entity": self.entity, "interval": self.interval}

    @model_validator(mode="after")
    def _history_is_longer_than_a_season(self) -> "Keys":
        if self.season is not None and self.history <= self.season:
            raise ValueError(f"history must be above season, {self.season}, got {self.history}")
        return self
