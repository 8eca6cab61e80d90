"""Let every file in screens/ look at rows before `prepare` splits them and `predict` answers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..configs.schema import Config
from ..utils.plugins import modules_of, name_of

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.contract import Contract
    from ..dataloader.typed import Table


class Screen(Protocol):
    """Somebody whom the rows of a file must pass before they are split."""

    @property
    def state(self) -> str:
        """What it goes by: `prepare` works anew when that changes."""

    def screen(self, table: Table, config: Config, shown: str) -> None:
        """Take rows out by `table.keep`; raises ValueError on a file that nobody should use."""

    def set_aside(self) -> None:
        """Write what was taken out; called once the file is accepted."""

    def recheck(self, manifest: dict[str, Any]) -> None:
        """Raise ValueError if data that did not change has become unfit by its age."""


class Gate(Protocol):
    """Somebody whom the rows that ask for a prediction must pass."""

    def let_in(self, chunk: pl.DataFrame, contract: Contract, shown: str) -> pl.DataFrame:
        """The rows as they came that may go on; raises ValueError to refuse the file."""

    def close(self, shown: str) -> None:
        """Say and write what was not let in; called when the last chunk has passed."""


def screens_of(root: Path) -> dict[str, Screen]:
    """The screens that have something to go by, by their file's name."""
    from . import screens

    found = {name_of(m): m.screen(root) for m in modules_of(screens) if hasattr(m, "screen")}
    return {name: screen for name, screen in found.items() if screen is not None}


def gates_of(args: argparse.Namespace) -> list[Gate]:
    """The gates that have something to go by."""
    from . import screens

    found = [module.gate(args) for module in modules_of(screens) if hasattr(module, "gate")]
    return [gate for gate in found if gate is not None]


def add_gate_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that gates add to the command line of `predict`."""
    from . import screens

    for module in modules_of(screens):
        if hasattr(module, "add_arguments"):
            module.add_arguments(parser)
