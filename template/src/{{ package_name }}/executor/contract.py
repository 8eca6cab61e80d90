"""Derive conf/contract.yaml from train, once: what rows must hold at every door."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.contract import CONTRACT
from ..configs.schema import Config
from ..utils.logs import say

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.derive import Derived
    from ..dataloader.door import Door
    from .prepare import Looked

HEAD = """\
What rows must hold at every door: `prepare`, `predict`, the service, batches.

Derived once from {n_rows} rows of train; the remark beside a value says how. It is yours now: set
what you know better, and write why. No command overwrites it; `contract --show-changes` says what
train says today.

A column:  kind      numeric, boolean, categorical or date
           required  (true) whether each file and each request must have the column
           nullable  whether a cell may be empty
           min, max  both allowed; a date as '2024-12-31'
           one_of    the values there are; null: any
           unit      for people; null: nobody has written it down
           unique    (false) whether no two rows of a file may share a value
A row that breaks a rule is named, kept in data/quarantine/ and counted in data/manifest.json.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--show-changes`."""
    parser.add_argument(
        "--show-changes",
        action="store_true",
        help=f"say what would be derived from train today, beside what {CONTRACT} says",
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Write the contract and what train looks like, where they are missing.

    Train is what `prepare` would deal without a contract.
    """
    from ..dataloader.derive import derive
    from ..dataloader.manifest import read_manifest
    from .prepare import classes_of, look

    root = args.root
    _check_room(root, show_changes=args.show_changes)
    looked = look(config, root, read_manifest(root), replace=args.show_changes)
    train = looked.table.rows.filter(looked.dealt.part == "train")
    derived = derive(train, looked.contract, classes_of(config, looked.table))
    if args.show_changes:
        _show(root, derived, train)
    else:
        _write_profile(root, train, looked)
        _write_contract(root, derived, len(train), looked)
    return 0


def _check_room(root: Path, *, show_changes: bool) -> None:
    """Raise ValueError if there is nothing to compare with, or all is written already."""
    from ..dataloader.profile import PROFILE

    there = (root / CONTRACT).is_file()
    if show_changes and not there:
        raise ValueError(f"{CONTRACT}: there is none to compare with; run `contract`")
    if there and not show_changes and (root / PROFILE).is_file():
        raise ValueError(
            f"{CONTRACT}: is there and is yours, change it by hand; `contract --show-changes` says "
            f"what train says today"
        )


def _write_profile(root: Path, train: pl.DataFrame, looked: Looked) -> None:
    from ..dataloader.derive import MAX_PSI
    from ..dataloader.profile import PROFILE, profile
    from ..utils.files import write_json

    seen = profile(train, looked.table.rows, looked.contract.features, MAX_PSI)
    write_json(root / PROFILE, seen)
    say("contract", f"{PROFILE.as_posix()}: what {len(train)} rows of train look like")
    for name, index in seen["left_out"].items():
        say("", f"left out {name}: it moves within this file (PSI {index:.2f})")


def _write_contract(root: Path, derived: Derived, n_rows: int, looked: Looked) -> None:
    from ..configs.contract_text import as_yaml
    from ..dataloader.door import Door
    from ..utils.files import write_text

    if (root / CONTRACT).is_file():
        return
    head = HEAD.format(n_rows=n_rows).rstrip()
    write_text(root / CONTRACT, as_yaml(derived.rules, derived.reasons, head))
    say("contract", f"{CONTRACT}: {len(derived.rules.columns)} columns; read it, it is yours now")
    _tell_broken(looked.table.rows, Door(derived.rules, CONTRACT), looked.incoming.shown)


def _tell_broken(every: pl.DataFrame, door: Door, shown: str) -> None:
    """Say which rows of this very file the next `prepare` would set aside."""
    from ..dataloader.quarantine import sentences

    refused = door.inspect(every, shown, whole=True).refused
    if refused:
        n_rows = len({one.row for one in refused})
        say("", f"note: {n_rows} rows outside of train break it; `prepare` will set them aside:")
    for line in sentences(refused):
        say("", line)


def _show(root: Path, derived: Derived, train: pl.DataFrame) -> None:
    """One line for each value that train would set otherwise, and each column that moved."""
    from ..configs.contract import ContractRules
    from ..configs.load import load
    from ..dataloader.profile import moved, read_profile

    rules = load(root, CONTRACT, ContractRules)
    lines = list(_differences(rules.model_dump(), derived))
    before, limit = read_profile(root), rules.distribution.max_psi
    if before and limit:
        lines += [
            f"{name}: PSI {index:.2f} against data/profile.json; if train is to be the "
            f"measure from now on, delete that file, run `prepare --replace`, then `contract`"
            for name, index in moved(train, before, limit).items()
        ]
    for line in lines or ["train says the same today"]:
        say("contract", line)


def _differences(here: Mapping[str, Any], derived: Derived) -> Iterator[str]:
    fresh = derived.rules.model_dump()
    for name in sorted({*here["columns"], *fresh["columns"]}):
        if name not in fresh["columns"]:
            yield f"columns.{name}: named here, no feature of train today"
        elif name not in here["columns"]:
            values = {k: v for k, v in fresh["columns"][name].items() if v is not None}
            yield f"columns.{name}: not named here, train says {_said(values)}"
    for path, reason in derived.reasons.items():
        one, other = _at(here, path), _at(fresh, path)
        if one is not MISSING and one != other and other is not None:
            yield f"{path}: {_said(one)} here, {_said(other)} today ({reason})"


MISSING = object()


def _at(content: Mapping[str, Any], path: str) -> Any:
    """The value at a path; a column's name may hold a dot."""
    section, _, rest = path.partition(".")
    if section != "columns":
        inner = content[section]
        return inner[rest] if rest else inner
    name, _, key = rest.rpartition(".")
    return content["columns"][name][key] if name in content["columns"] else MISSING


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(str(one) for one in value)}]"
    return f"{value:.12g}" if isinstance(value, float) else "null" if value is None else str(value)
