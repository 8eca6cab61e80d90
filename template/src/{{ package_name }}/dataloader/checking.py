"""Run every data check in checks/; a new file there is a new check."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ..configs.schema import Data
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
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    modules = [importlib.import_module(f"{checks.__name__}.{name}") for name in names]
    return [str(problem) for module in modules for problem in module.check(table, context)]
