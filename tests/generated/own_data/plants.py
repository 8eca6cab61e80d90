"""Plant one fault in a table, at the strength at which `prepare` must find it."""

# Our own environment has no polars.
# mypy: ignore-errors
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from tests.generated.own_data.tables import Table

CLASSES, NUMBERS = "classification", "regression"


@dataclass(frozen=True)
class Planted:
    """rows: with the fault. column: which one `prepare` must name; None: the fault does not fit."""

    rows: pl.DataFrame
    column: str | None
    lines: dict[str, str] | None = None


@dataclass(frozen=True)
class Plant:
    """faults: names in the report that count as found. task: to which alone it applies."""

    function: Callable[[Table, np.random.Generator], Planted]
    faults: tuple[str, ...]
    task: str | None = None


def cells(table, name, rows, change):
    """The column with other cells in these rows."""
    values = table.rows[name].to_list()
    for row in rows:
        values[row] = None if values[row] is None else change(values[row])
    return table.rows.with_columns(pl.Series(name, values, dtype=pl.String))


def some(r, n_rows, share, least=0):
    return r.choice(n_rows, max(round(n_rows * share), least), replace=False)


def positive(table):
    """Measures above 0 whose typical values are above 1."""
    found = [(name, table.numbers(name).drop_nulls()) for name in table.measures]
    return [name for name, values in found if values.min() > 0 and values.quantile(0.05) > 1.2]


def fractions(table):
    """Measures with decimals: a comma in a whole number is read as it is meant."""
    return [n for n in table.measures if (table.numbers(n).drop_nulls() % 1 != 0).any()]


def dirty(share, change, names=lambda table: table.measures):
    def plant(table, r):
        chosen = names(table)
        if not chosen:
            return Planted(table.rows, None)
        name = str(r.choice(chosen))
        return Planted(cells(table, name, some(r, len(table.rows), share), change), name)

    return plant


def thousands(share):
    def plant(table, r):
        if not (names := positive(table)):
            return Planted(table.rows, None)
        name = str(r.choice(names))
        whole = (table.numbers(name) * 1000).round(0).cast(pl.Int64).cast(pl.String)
        large = Table(table.rows.with_columns(whole.alias(name)), table.task, table.target)
        rows = some(r, len(table.rows), share)
        return Planted(cells(large, name, rows, lambda cell: f"{int(cell):,}"), name)

    return plant


def dates(change, share=0.05, first=str):
    """A column of days, of which a share is written in another way."""

    def plant(table, r):
        days = np.datetime64("2020-03-01") + r.integers(0, 1400, len(table.rows))
        texts = [first(day) for day in days]
        for row in some(r, len(days), share, 20):
            texts[row] = change(days[row])
        return Planted(table.rows.with_columns(seen=pl.Series(texts)), "seen")

    return plant


def written(form):
    return lambda day: day.astype(date).strftime(form)


def seconds(day):
    return str(int(day.astype("datetime64[s]").astype(int)))


def zones(table, r):
    times = np.datetime64("2020-03-01T00:00:00") + r.integers(0, 10**8, len(table.rows))
    texts = [str(time).replace("T", " ") for time in times]
    for row in some(r, len(times), 0.05):
        texts[row] += "+05:00"
    return Planted(table.rows.with_columns(seen=pl.Series(texts)), "seen")


def sentinel(value):
    def fits(values):
        low, high = values.min(), values.max()
        if value == 0:
            return low > 0.3 * (values.quantile(0.01) - low) and low > 0.1
        # Between real values 99 and -1 cannot be told from one of them.
        return low > 0 and high < 97 if value == 99 else low > 0 if value == -1 else True

    def plant(table, r):
        names = [name for name in table.measures if fits(table.numbers(name).drop_nulls())]
        if not names:
            return Planted(table.rows, None)
        name, n_rows = str(r.choice(names)), len(table.rows)
        return Planted(cells(table, name, some(r, n_rows, 0.01, 20), lambda _: str(value)), name)

    return plant


def nearly_constant(table, r):
    flag = np.full(len(table.rows), "no")
    flag[some(r, len(flag), 0.003)] = "yes"
    return Planted(table.rows.with_columns(flag=pl.Series(flag)), "flag")


def constant_in_train(table, r):
    """Late rows alone vary; by time, train holds the early ones."""
    n_rows = len(table.rows)
    stuck = np.where(np.arange(n_rows) < 0.7 * n_rows, 5.0, r.normal(size=n_rows))
    rows = shuffled(table.rows, r).with_columns(
        stuck=pl.Series(stuck), moment=days_in_order(n_rows)
    )
    return Planted(rows, "stuck", {"by": "time", "column": "moment"})


def days_in_order(n_rows):
    return pl.Series(np.datetime64("2010-01-01") + np.arange(n_rows) // 4).cast(pl.String)


def same_classes(table, r):
    classes = np.array(["north", "south", "west"])[r.integers(0, 3, len(table.rows))]
    region, code = pl.Series(classes), pl.Series(classes).rank("dense").cast(pl.String)
    return Planted(table.rows.with_columns(region=region, code="r" + code), "code")


def same_numbers(table, r):
    inches = table.numbers(str(r.choice(table.measures))) / 2.54
    return Planted(table.rows.with_columns(inches=inches), "inches")


def shuffled(rows, r):
    return rows[r.permutation(len(rows))]


def copied(table, r, noise=0.0):
    """3 % of the rows again, their measures within `noise` of the value."""
    again = table.rows[some(r, len(table.rows), 0.03)]
    if noise:
        numbers = {name: again[name].cast(pl.Float64) for name in table.measures}
        factors = {name: pl.Series(1 + noise * r.normal(size=len(again))) for name in numbers}
        moved = [(numbers[name] * factors[name]).cast(pl.String).alias(name) for name in numbers]
        again = again.with_columns(moved)
    return shuffled(pl.concat([table.rows, again]), r)


def copied_with_ids(table, r):
    rows = copied(table, r)
    return Planted(rows.with_columns(number=pl.Series(r.permutation(len(rows)) + 1000)), "rows")


def groups(name, spread=0.02):
    """100 groups of 3 rows, within `spread` of the difference between groups."""

    def plant(table, r):
        first = table.rows[r.choice(len(table.rows), 100, replace=False)]
        made = []
        for _ in range(3):
            moved = [
                (first[n].cast(pl.Float64) + spread * table.numbers(n).std() * r.normal(size=100))
                .cast(pl.String)
                .alias(n)
                for n in table.measures
            ]
            stone = pl.Series("stone", np.arange(100) + 1)
            made.append(first.with_columns(*moved, stone))
        rows = shuffled(pl.concat(made), r)
        return Planted(rows if name == "stone" else rows.drop("stone"), name)

    return plant


def answer(table):
    """The target as numbers: codes of classes, or its values."""
    cells = table.rows[table.target]
    numeric = table.task == NUMBERS
    return (cells if numeric else cells.rank("dense")).cast(pl.Float64).to_numpy().copy()


def leak(kind):
    def plant(table, r):
        y = answer(table)
        rows = some(r, len(y), 0.05)
        wrong = y.copy()
        wrong[rows] = r.permutation(y)[rows]
        copies = {
            "text": lambda: [f"outcome {code:g}" for code in wrong],
            "number": lambda: 7 * wrong + 3 + 0.3 * r.normal(size=len(y)),
            "cells": lambda: wrong,
            "factor": lambda: y * (1 + 0.05 * r.normal(size=len(y))),
        }
        return Planted(table.rows.with_columns(copy=pl.Series(copies[kind]())), "copy")

    return plant


def leak_beside_units(table, r):
    """A copy of the target, and a unit in 5 % of the cells of all measures but two."""
    rows = leak("number")(table, r).rows.cast(pl.String)
    for name in table.measures[:-2]:
        changed = some(r, len(rows), 0.05)
        rows = cells(
            Table(rows, table.task, table.target), name, changed, lambda cell: cell + " kg"
        )
    return Planted(rows, "copy")


def formula(n_terms, *, product=False):
    def plant(table, r):
        y = answer(table)
        if product and y.min() <= 0:
            return Planted(table.rows, None)
        scale = 1.0 if product else y.std()
        parts = [scale * np.exp(r.normal(size=len(y))) for _ in range(n_terms - 1)]
        rest = y / np.prod(parts, axis=0) if product else y - sum(parts)
        parts.append(rest * (1 + 0.003 * r.normal(size=len(y))))
        columns = [pl.Series(f"part {i}", part) for i, part in enumerate(parts)]
        return Planted(table.rows.with_columns(columns), f"part {n_terms - 1}")

    return plant


def group_mean(size, decimals=None, smoothing=0.0):
    def plant(table, r):
        y = answer(table)
        y = (y == y.max()).astype(float) if table.task == CLASSES else y
        n_groups = len(y) // size
        if n_groups < 20:
            return Planted(table.rows, None)
        group = r.integers(0, n_groups, len(y))
        n_rows, total = (np.bincount(group, weights, n_groups) for weights in (None, y))
        mean = (total + smoothing * y.mean()) / np.maximum(n_rows + smoothing, 1)
        mean = mean if decimals is None else mean.round(decimals)
        return Planted(table.rows.with_columns(habit=pl.Series(mean[group])), "habit")

    return plant


def order(table, r):
    rows = table.rows[np.argsort(answer(table), kind="stable")]
    number = np.cumsum(r.integers(1, 4, len(rows)))
    return Planted(rows.with_columns(number=pl.Series(number)), "number")


def level(factor):
    """A tenth of the rows, in one block, in another unit."""

    def plant(table, r):
        names = [name for name in table.measures if table.numbers(name).drop_nulls().min() > 0]
        if not names:
            return Planted(table.rows, None)
        name, n_rows = str(r.choice(names)), len(table.rows)
        rows = shuffled(table.rows, r)
        start = round(n_rows * r.uniform(0.2, 0.6))
        factors = np.ones(n_rows)
        factors[start : start + n_rows // 10] = factor
        return Planted(rows.with_columns(rows[name].cast(pl.Float64) * factors), name)

    return plant


def level_of_target(table, r):
    y = answer(table)
    if y.min() <= 0:
        return Planted(table.rows, None)
    rows = shuffled(table.rows, r)
    late = np.where(np.arange(len(y)) < len(y) // 2, 1.0, 100.0)
    return Planted(rows.with_columns(rows[table.target].cast(pl.Float64) * late), table.target)


def labels(n_rows):
    """30 % of the labels of one site exchanged, in about n_rows rows of train."""

    def plant(table, r):
        n_all, y = len(table.rows), table.rows[table.target].to_list()
        if n_rows / 0.6 > n_all / 2:
            return Planted(table.rows, None)
        site = np.array(["north", "south", "west"])[r.integers(0, 3, n_all)].tolist()
        classes = sorted(set(y))
        for row in r.choice(n_all, round(n_rows / 0.6), replace=False):
            site[row] = "odd"
            if r.random() < 0.3:
                step = int(r.integers(1, len(classes)))
                y[row] = classes[(classes.index(y[row]) + step) % len(classes)]
        new = [pl.Series("site", site), pl.Series(table.target, y)]
        return Planted(table.rows.with_columns(new), "site")

    return plant


def few_examples(table, r):
    y = table.rows[table.target].to_list()
    for row in r.choice(len(y), 8, replace=False):
        y[row] = "rare"
    return Planted(table.rows.with_columns(pl.Series(table.target, y)), table.target)


def parts(table, r):
    """A sensor that reads higher in the last fifth of the time: area under the curve 0.75."""
    n_rows = len(table.rows)
    sensor = r.normal(size=n_rows) + 0.954 * (np.arange(n_rows) >= 0.8 * n_rows)
    rows = shuffled(table.rows, r).with_columns(
        sensor=pl.Series(sensor), moment=days_in_order(n_rows)
    )
    return Planted(rows, "sensor", {"by": "time", "column": "moment"})


SHARES = (0.01, 0.05, 0.30)
MEANS = {
    "exact": group_mean(50),
    "small groups": group_mean(5),
    "rounded": group_mean(50, decimals=2),
    "smoothed": group_mean(50, smoothing=5.0),
}
PLANTS = {
    **{
        f"{kind} in {share:.0%}": Plant(make(share), ("dirty numbers",))
        for share in SHARES
        for kind, make in {
            "a unit": lambda share: dirty(share, lambda cell: f"{cell} ct"),
            "words": lambda share: dirty(share, lambda cell: "unknown"),
            "thousands": thousands,
            "decimal commas": lambda share: dirty(
                share, lambda cell: f"{float(cell):.4f}".replace(".", ","), fractions
            ),
        }.items()
    },
    "dates with points": Plant(dates(written("%d.%m.%Y")), ("dates",)),
    "dates with slashes": Plant(dates(written("%m/%d/%Y")), ("dates",)),
    "dates with the month's name": Plant(dates(written("%d %b %Y")), ("dates",)),
    "dates without signs": Plant(dates(written("%Y%m%d")), ("dates",)),
    "dates as seconds": Plant(dates(seconds), ("dates",)),
    "dates in two zones": Plant(zones, ("dates",)),
    "day or month first": Plant(dates(written("%m/%d/%Y"), first=written("%d/%m/%Y")), ("dates",)),
    **{
        f"{value} for unknown": Plant(sentinel(value), ("sentinel",))
        for value in (-999, 9999, -1, 0, 99)
    },
    "1900-01-01 for unknown": Plant(dates(lambda day: "1900-01-01", 0.01), ("sentinel",)),
    "nearly constant": Plant(nearly_constant, ("constant",)),
    "constant in train": Plant(constant_in_train, ("constant",)),
    "identical classes": Plant(same_classes, ("identical columns",)),
    "identical numbers": Plant(same_numbers, ("identical columns",)),
    "copies": Plant(lambda table, r: Planted(copied(table, r), "rows"), ("duplicates",)),
    "copies with other ids": Plant(copied_with_ids, ("duplicates",)),
    "near copies": Plant(
        lambda table, r: Planted(copied(table, r, 0.002), "rows"), ("near copies",)
    ),
    "groups": Plant(groups("stone"), ("groups",)),
    "groups without a name": Plant(groups("rows"), ("near copies",)),
    "a leak as text": Plant(leak("text"), ("leak",), CLASSES),
    "a leak as number": Plant(leak("number"), ("leak",), CLASSES),
    "a leak with wrong cells": Plant(leak("cells"), ("leak",), NUMBERS),
    "a leak by a factor": Plant(leak("factor"), ("leak",), NUMBERS),
    "a leak beside units": Plant(leak_beside_units, ("leak",), CLASSES),
    **{f"a sum of {n}": Plant(formula(n), ("formula", "leak"), NUMBERS) for n in (2, 4)},
    **{
        f"a product of {n}": Plant(formula(n, product=True), ("formula", "leak"), NUMBERS)
        for n in (2, 4)
    },
    **{f"a group mean, {name}": Plant(one, ("group mean",)) for name, one in MEANS.items()},
    "the order of rows": Plant(order, ("leak",)),
    **{f"a block times {f:g}": Plant(level(f), ("level",)) for f in (2.0, 100.0, 2.54)},
    "a target in two units": Plant(level_of_target, ("level",), NUMBERS),
    "labels of 100 rows": Plant(labels(100), ("labels",), CLASSES),
    "few examples": Plant(few_examples, ("few examples",), CLASSES),
    "parts that differ": Plant(parts, ("parts differ",)),
}
