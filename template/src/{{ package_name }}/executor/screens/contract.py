"""Rows keep to conf/contract.yaml: others are set aside by name, and too many stop the file."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...configs.contract import CONTRACT
from ...configs.schema import Config
from ...utils.files import sha256_of_json
from ...utils.logs import say

PROFILE = "data/profile.json"

if TYPE_CHECKING:
    import polars as pl

    from ...dataloader.contract import Contract
    from ...dataloader.door import Door, Refusal
    from ...dataloader.typed import Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--quarantine`."""
    parser.add_argument(
        "--quarantine",
        action="store_true",
        help=f"set rows that break {CONTRACT} aside, and predict the rest",
    )


def screen(root: Path) -> Screening | None:
    """What `prepare` goes by; None without a contract."""
    from ...dataloader.door import Door
    from ...dataloader.profile import read_profile

    if not (root / CONTRACT).is_file():
        return None
    return Screening(root, Door.load(root / CONTRACT), read_profile(root))


def gate(args: argparse.Namespace) -> Asking | None:
    """What `predict` goes by; None without a contract."""
    from ...dataloader.door import Door

    if not (args.root / CONTRACT).is_file():
        if args.quarantine:
            raise ValueError(f"{CONTRACT}: missing, and --quarantine goes by it; run `contract`")
        return None
    return Asking(args.root, Door.load(args.root / CONTRACT), args.quarantine)


@dataclass
class Screening:
    """A file on its way into `prepare`.

    rows: those that were taken out. refused: their cells.
    """

    root: Path
    door: Door
    profile: dict[str, Any] | None
    shown: str = ""
    rows: pl.DataFrame | None = None
    refused: list[Refusal] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The hash of the rules and of what train looked like."""
        rules = self.door.rules.model_dump(mode="json")
        return sha256_of_json({"rules": rules, "profile": self.profile})

    def screen(self, table: Table, config: Config, shown: str) -> None:
        """Take out the rows that break a rule; raises ValueError if the file as a whole does."""
        from ...dataloader import agreed
        from ...dataloader.read import ROW

        self.shown, before = shown, table.rows
        agreed.check_names(table, config.data, self.door, shown)
        self.refused = agreed.take_out(table, config.data, self.door, shown)
        self.rows = before.filter(before[ROW].is_in({one.row for one in self.refused}))
        if problems := agreed.table_problems(table.rows, self.door, self.profile, shown):
            raise ValueError("\n".join(problems))

    def set_aside(self) -> None:
        """Keep the refused rows in data/quarantine/, or clear what an earlier file left there."""
        from ...dataloader import quarantine

        assert self.rows is not None
        folder = self.root / quarantine.FOLDER
        name = Path(self.shown).name
        reasons = quarantine.set_aside(folder, name, self.rows, self.refused, self.door.shown)
        _tell(self.refused, reasons.relative_to(self.root))
        if self.profile is None and self.door.rules.distribution.max_psi is not None:
            say("contract", f"note: no {PROFILE}, so no distribution is compared; run `contract`")

    def recheck(self, manifest: dict[str, Any]) -> None:
        """Raise ValueError if the newest row has grown older than the contract lets it be."""
        from ...dataloader import agreed

        rules, file = self.door.rules.freshness, manifest["files"][0]
        ends = {column["name"]: column["max"] for column in file["columns"]}
        newest = ends.get(rules.column)
        moment = datetime.fromisoformat(newest) if newest else None
        if problems := agreed.too_old(moment, rules, self.door.shown, file["file"]):
            raise ValueError("\n".join(problems))


@dataclass
class Asking:
    """A file on its way into `predict`, chunk by chunk."""

    root: Path
    door: Door
    may_set_aside: bool
    n_let_in: int = 0
    rows: list[pl.DataFrame] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def let_in(self, chunk: pl.DataFrame, contract: Contract, shown: str) -> pl.DataFrame:
        """The rows that keep to the contract; raises ValueError on others, if none may be left out.

        A column that a file need not have is empty where it is missing.
        """
        from ...dataloader import quarantine
        from ...dataloader.contract import conform
        from ...dataloader.read import ROW

        chunk = self.door.completed(chunk, contract)
        if not self.may_set_aside:
            refused = self.door.inspect(conform(chunk, contract, shown), shown).refused
            if refused:
                lines = quarantine.sentences(refused)
                hint = f"; see {self.door.shown}, or predict the rest with --quarantine"
                raise ValueError("\n".join(lines) + hint)
            return chunk
        inspected = self.door.admit(chunk, contract, shown)
        passed = chunk[ROW].is_in(inspected.kept[ROW].implode())
        self.refused += inspected.refused
        self.rows.append(chunk.filter(~passed))
        self.n_let_in += len(inspected.kept)
        return chunk.filter(passed)

    def close(self, shown: str) -> None:
        """Name the rows that were left out, and keep them in data/quarantine/predict/."""
        import polars as pl

        from ...dataloader import quarantine

        if not self.refused:
            return
        if not self.n_let_in:
            lines = [f"{shown}: every row breaks {self.door.shown}; nothing was predicted"]
            raise ValueError("\n".join([*lines, *quarantine.sentences(self.refused, max_shown=1)]))
        folder = self.root / quarantine.FOLDER / "predict"
        rows = pl.concat(self.rows)
        reasons = quarantine.set_aside(
            folder, Path(shown).name, rows, self.refused, self.door.shown
        )
        _tell(self.refused, reasons.relative_to(self.root))


def _tell(refused: list[Refusal], reasons: Path) -> None:
    from ...dataloader import quarantine

    if not refused:
        return
    n_rows = len({one.row for one in refused})
    say("contract", f"{n_rows} rows set aside, see {reasons.as_posix()}")
    for line in quarantine.sentences(refused):
        say("", line)
