"""Run every data check in checks/; a new file there is a new check."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ..configs.schema import Data
from ..utils.plugins import modules_of
from . import checks
from .kinds import Reading


@dataclass(frozen=True)
class Context:
    """What a check may know beside the table.

    shown: the file's name for messages. readings: how each column of the file is read.
    """

    shown: str
    task: str
    data: Data
    readings: Mapping[str, Reading]

    @property
    def numbers(self) -> list[str]:
        """The numeric columns that are not ignored."""
        return [
            name
            for name, reading in self.readings.items()
            if reading.kind == "numeric" and name not in self.data.ignore
        ]


def check_all(table: pl.DataFrame, context: Context) -> list[str]:
    """The problems of a typed table with ROW, as sentences; none if every check is content."""
    return [str(line) for module in modules_of(checks) for line in module.check(table, context)]
