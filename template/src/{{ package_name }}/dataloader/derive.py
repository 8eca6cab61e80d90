"""Derive a data contract from the rows of train, with the reason for each value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from ..configs.contract import (
    ColumnRules,
    ContractRules,
    Distribution,
    Freshness,
    Labels,
)
from .contract import Column, Contract

MAX_QUARANTINE_SHARE = 0.05
MAX_PSI = 0.25
MAX_LISTED = 50
TOUCHING = 0.01


@dataclass(frozen=True)
class Derived:
    """A contract, and the reason for a value by its path: `columns.age.min`."""

    rules: ContractRules
    reasons: dict[str, str]


@dataclass
class _Sheet:
    """Values under way to a section of the contract, each with its reason."""

    values: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def say(self, name: str, value: Any, reason: str) -> None:
        self.values[name], self.reasons[name] = value, reason


def derive(train: pl.DataFrame, contract: Contract, classes: list[str] | None) -> Derived:
    """What every row of train keeps to, and a little room beyond it.

    Numbers: the range of train, widened on each side by its own width; not across zero where zero
    is a wall.
    Categories: a closed list where train saw every value twice. Empty cells: where train has some.
    """
    sheets = {column.name: _column(train, column, contract) for column in contract.features}
    labels = _labels(train, contract.target, classes)
    freshness = _freshness(contract)
    rules = ContractRules(
        max_quarantine_share=MAX_QUARANTINE_SHARE,
        columns={name: ColumnRules(**sheet.values) for name, sheet in sheets.items()},
        labels=Labels(**labels.values),
        freshness=Freshness(**freshness.values),
        distribution=Distribution(max_psi=MAX_PSI),
    )
    reasons = {
        f"columns.{name}.{key}": why
        for name, sheet in sheets.items()
        for key, why in sheet.reasons.items()
    }
    for section, sheet in (("labels", labels), ("freshness", freshness)):
        reasons |= {f"{section}.{key}": why for key, why in sheet.reasons.items()}
    reasons["max_quarantine_share"] = (
        "of all rows; above it `prepare` stops: a broken file must not become a small data set"
    )
    reasons["distribution.max_psi"] = (
        "a column that moved farther from train, and farther than chance, stops `prepare`: 0.1 is "
        "worth a look, 0.25 another population"
    )
    return Derived(rules, reasons)


def _column(train: pl.DataFrame, column: Column, contract: Contract) -> _Sheet:
    cells, sheet = train[column.name], _Sheet({"kind": column.kind})
    n_empty = cells.null_count()
    sheet.say(
        "nullable", bool(n_empty), f"{n_empty or 'none'} of {len(cells)} cells empty in train"
    )
    values = cells.drop_nulls()
    if column.kind == "numeric":
        sheet.say("unit", None, "")
    if column.name in contract.ranges:
        _agreed_range(sheet, contract.ranges[column.name])
    elif column.kind == "numeric" and len(values):
        _range(sheet, values)
    elif column.kind == "date" and len(values):
        _moments(sheet, values)
    elif column.kind == "categorical":
        _choice(sheet, values)
    return sheet


def _agreed_range(sheet: _Sheet, ends: tuple[float, float]) -> None:
    for name, end in zip(("min", "max"), ends, strict=True):
        sheet.say(name, end, "data.ranges in conf/default.yaml")


def _range(sheet: _Sheet, values: pl.Series) -> None:
    low, high = (float(end) for end in (values.min(), values.max()))  # type: ignore[arg-type]
    width = (high - low) or abs(low) or 1.0
    step = 10.0 ** (math.floor(math.log10(width)) - 1)
    least = _rounded(math.floor((low - width) / step), step)
    most = _rounded(math.ceil((high + width) / step), step)
    sheet.say("min", least, f"train {low:.6g}, less its width {width:.3g}")
    sheet.say("max", most, f"train {high:.6g}, plus its width {width:.3g}")
    if least < 0 and _stays_above_zero(values):
        sheet.say("min", 0.0, f"train {low:.6g}; nothing there is below zero, or near it")
    if low < 0 < most and _stays_above_zero(-values):
        sheet.say("max", 0.0, f"train {high:.6g}; nothing there is above zero, or near it")


def _stays_above_zero(values: pl.Series) -> bool:
    """Whether zero is a wall for these numbers, and not a place they happen not to have passed.

    Either many touch it, or none comes near: even a tail twice as long as the lowest twentieth
    would end above it. The coldest day of a mild winter, 0 degrees, proves nothing.
    """
    low: Any = values.min()
    if low <= 0:
        return bool(low == 0 and (values == 0).mean() >= TOUCHING)  # type: ignore[operator]
    tail: Any = values.quantile(0.05, "linear")
    return bool(low >= tail - low)


def _rounded(n_steps: int, step: float) -> float:
    """A number of two digits more than the width needs, without the noise of floats."""
    return float(f"{n_steps * step:.12g}")


def _moments(sheet: _Sheet, values: pl.Series) -> None:
    low, high = values.min(), values.max()
    assert isinstance(low, datetime)
    assert isinstance(high, datetime)
    try:
        first = (low - (high - low)).date()
    except OverflowError:  # a range of more than a thousand years: nobody derives from that
        return
    days = f"train {low.date()}, less its width of {(high - low).days} days"
    sheet.say("min", first.isoformat(), f"{days}; no max: time goes on")


def _choice(sheet: _Sheet, values: pl.Series) -> None:
    """A list of values is closed once none of them was seen only once.

    The share of rows whose value was not seen before is about that of values seen once.
    Source: Good (1953), The population frequencies of species and the estimation of population
    parameters, Biometrika 40, https://doi.org/10.1093/biomet/40.3-4.237.
    """
    counts = dict(sorted(values.value_counts().iter_rows()))
    n_once = sum(count == 1 for count in counts.values())
    if not counts or n_once or len(counts) > MAX_LISTED:
        seen = f"{n_once} of {len(counts)} values of train were seen once"
        many = f"train has {len(counts)} values"
        sheet.say("one_of", None, f"any: {seen if n_once else many}, others will come")
    else:
        rarest = min(counts.values())
        sheet.say("one_of", tuple(counts), f"all that train holds, each {rarest} times or more")


def _labels(train: pl.DataFrame, target: Column, classes: list[str] | None) -> _Sheet:
    sheet = _Sheet({"column": target.name})
    if classes is None:
        _range(sheet, train[target.name])
        return sheet
    sheet.say("one_of", tuple(classes), "the classes that there are")
    counts: Mapping[str, int] = dict(train[target.name].value_counts().iter_rows())
    rarest = min(classes, key=lambda label: counts.get(label, 0))
    share = counts.get(rarest, 0) / len(train)
    sheet.say(
        "min_share",
        math.floor(share / 4 * 1000) / 1000,
        f"of all rows, for each class: a quarter of what '{rarest}' has in train",
    )
    return sheet


def _freshness(contract: Contract) -> _Sheet:
    dates = [column for column in contract.features if column.kind == "date"]
    times = [column for column in dates if column.role == "time"] or dates
    sheet = _Sheet()
    sheet.say(
        "column",
        times[0].name if times else None,
        "its newest value says how old the data is" if times else "train has no date",
    )
    sheet.say(
        "max_age_days", None, "not checked; a number makes `prepare` stop on data that grew old"
    )
    return sheet
