"""Hold a whole file to the contract: its columns, its rows, its labels, its age, its shape."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from ..configs.contract import Freshness, Labels
from ..configs.schema import Data
from . import roles
from .contract import SAID_AS
from .door import Door, Refusal, refusals
from .kinds import DATE_FORMATS, SLASHED, Kind, Reading, read
from .profile import moved
from .quarantine import counted, sentences
from .read import ROW
from .typed import Table, drop_duplicates

DAY_S = 86_400


def check_names(table: Table, data: Data, door: Door, shown: str) -> None:
    """Raise ValueError if the contract names a column that is gone, or lacks a feature."""
    agreed = door.rules.columns
    gone = [n for n, rules in agreed.items() if rules.required and n not in table.readings]
    unnamed = {name: how for name, how in table.readings.items() if name not in agreed}
    new = [one.name for one in roles.agree(table.rows, unnamed, data).features]
    renamed = {name: near[0] for name in gone if (near := _near(name, new))}
    lines = [
        f"{shown}: column '{name}' is missing, {door.shown} names it"
        + (f"; is it '{renamed[name]}'?" if name in renamed else "")
        for name in gone
    ]
    lines += [
        f"{shown}: column '{name}' is new, {door.shown} does not name it; add it there "
        f"(`contract --show-changes` says how), or to data.ignore"
        for name in new
        if name not in renamed.values()
    ]
    if lines:
        raise ValueError("\n".join(lines))


def _near(name: str, columns: list[str]) -> list[str]:
    return difflib.get_close_matches(name, columns, n=1, cutoff=0.75)


def take_out(table: Table, data: Data, door: Door, shown: str) -> list[Refusal]:
    """Take the rows that break a rule out of the table, counted by reason; returns the cells.

    Raises ValueError if there are more than the contract lets `prepare` set aside.
    """
    drop_duplicates(table, data)  # or the second of two equal rows would break `unique`
    n_rows = len(table.rows)
    unread = _read_as_agreed(table, door, shown)
    rest = table.rows.filter(~pl.col(ROW).is_in([one.row for one in unread]))
    refused = [*unread, *door.inspect(rest, shown, whole=True).refused]
    refused.sort(key=lambda one: one.row)
    n_refused = len({one.row for one in refused})
    limit = door.rules.max_quarantine_share
    if n_refused > limit * n_rows:
        said = f"{shown}: {n_refused} of {n_rows} rows break {door.shown}, whose "
        head = f"{said}max_quarantine_share allows {limit:.0%}; nothing was written"
        raise ValueError("\n".join([head, *sentences(refused, max_shown=1)]))
    for reason, rows in counted(refused).items():
        kept = table.rows.filter(~pl.col(ROW).is_in(rows))
        table.keep(kept, f"{door.shown}: {reason}")
    return refused


def _read_as_agreed(table: Table, door: Door, shown: str) -> list[Refusal]:
    """Read text as the kind that was agreed; one odd cell makes a column of numbers text."""
    found: list[Refusal] = []
    for name, rules in door.columns.items():
        cells = table.rows[name] if name in table.rows.columns else None
        if cells is None or cells.dtype != pl.String or table.readings[name].kind == rules.kind:
            continue
        reading, typed = _best(cells, rules.kind)
        unread = cells.is_not_null() & typed.is_null()
        found += refusals(table.rows, unread, name, SAID_AS[rules.kind], shown)
        table.readings[name] = reading
        table.rows = table.rows.with_columns(typed)
    return found


def _best(cells: pl.Series, kind: Kind) -> tuple[Reading, pl.Series]:
    """The reading of that kind that makes sense of most cells."""
    readings = [Reading(kind)]
    if kind == "date":
        readings = [Reading(kind, form) for form in (*DATE_FORMATS, *SLASHED)]
    if kind == "numeric":
        readings.append(Reading(kind, decimal_comma=True))
    every = [(reading, read(cells, reading)) for reading in readings]
    return min(every, key=lambda pair: pair[1].null_count())


def table_problems(
    rows: pl.DataFrame, door: Door, profile: Mapping[str, Any] | None, shown: str
) -> list[str]:
    """What only all rows together can break: shares of classes, age, distributions."""
    rules = door.rules
    problems = _rare_classes(rows, rules.labels, door.shown, shown)
    if rules.freshness.column in rows.columns:
        newest: Any = rows[rules.freshness.column].max()
        problems += too_old(newest, rules.freshness, door.shown, shown)
    limit = rules.distribution.max_psi
    if profile is None or limit is None:
        return problems
    return problems + [
        f"{shown}: {name} is not distributed as in data/profile.json: PSI {index:.2f}, "
        f"distribution.max_psi of {door.shown} allows {limit:g}; has its unit changed?"
        for name, index in moved(rows, profile, limit).items()
    ]


def _rare_classes(rows: pl.DataFrame, labels: Labels, contract: str, shown: str) -> list[str]:
    cells, least = rows[labels.column], labels.min_share or 0.0
    shares = {label: float((cells == label).sum()) / len(cells) for label in labels.one_of or ()}
    return [
        f"{shown}: {share:.1%} of the rows are {labels.column} '{label}', labels.min_share of "
        f"{contract} asks for {least:.1%}"
        for label, share in shares.items()
        if share < least
    ]


def too_old(newest: datetime | None, rules: Freshness, contract: str, shown: str) -> list[str]:
    """A sentence if the newest row is older than the contract lets it be."""
    if rules.max_age_days is None or newest is None:
        return []
    age = (datetime.now(UTC).replace(tzinfo=None) - newest).total_seconds() / DAY_S
    if age <= rules.max_age_days:
        return []
    return [
        f"{shown}: the newest {rules.column} is {newest.date()}, {age:.0f} days ago; "
        f"freshness.max_age_days of {contract} allows {rules.max_age_days:g}; fetch newer data"
    ]
