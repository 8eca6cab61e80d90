"""Clean columns that resemble a fault; `prepare` may ask about them, and no more."""

# Our own environment has no polars.
# mypy: ignore-errors
from __future__ import annotations

import numpy as np
import polars as pl

from tests.generated.own_data.tables import Table


def add(table: Table, seed: int, kind: str) -> Table:
    """The table with the columns of one kind, or of all but the survey."""
    r = np.random.default_rng(seed)
    chosen = [kind] if kind != "all" else [name for name in SIBLINGS if name != "a coarse survey"]
    columns: dict = {}
    for name in chosen:
        columns |= SIBLINGS[name](r, len(table.rows))
    rows = table.rows
    if kind == "a coarse survey":
        rows = rows.select(table.target)
    series = [pl.Series(name, cells).cast(pl.String) for name, cells in columns.items()]
    return Table(rows.with_columns(series), table.task, table.target, table.lines)


def _rain(r, n):
    return {"rain": np.where(r.random(n) < 0.6, 0, r.gamma(1, 8, n).round(1) + 0.1)}


def _season(r, n):
    wave = np.exp(np.log(2) / 2 * np.sin(4 * np.pi * np.arange(n) / n))
    return {"sales": (100 * wave * np.exp(0.1 * r.normal(size=n))).round(2)}


def _sorted_by_shop(r, n):
    shop, level = np.sort(r.integers(0, 8, n)), np.exp(0.8 * r.normal(size=8))
    turnover = (100 * level[shop] * np.exp(0.2 * r.normal(size=n))).round(2)
    return {"branch": [f"branch {i}" for i in shop], "turnover": turnover}


def _customers(r, n):
    group, own = r.integers(0, n // 4, n), r.normal(size=n // 4)
    basket = 20 + 5 * (0.3**0.5 * own[group] + 0.7**0.5 * r.normal(size=n))
    return {"customer": group + 10_000, "basket": basket.round(2)}


def _cities(r, n):
    city = r.integers(0, 40, n)
    return {"city": [f"city {i}" for i in city], "country": [f"country {i % 5}" for i in city]}


def _house_numbers(r, n):
    letters = np.array(["", "", "", "", "", "a", "b"])[r.integers(0, 7, n)]
    return {"house": [f"{i}{a}" for i, a in zip(r.integers(1, 200, n), letters, strict=True)]}


PRICES = [9.99, 19.99, 49.99, 99.0, 99.99, 149.99, 199.0, 249.0, 299.0, 399.0, 499.0, 599.0, 999.0]

# Kind -> columns from a generator and the number of rows.
SIBLINGS = {
    "post codes": lambda r, n: {"zip": [f"{i:05d}" for i in r.integers(1000, 99999, n)]},
    "house numbers": _house_numbers,
    "rain with zeros": _rain,
    "spending with zeros": lambda r, n: {
        "spent": np.where(r.random(n) < 0.02, 0, r.lognormal(3, 1, n).round(2))
    },
    "a season": _season,
    "a file sorted by shop": _sorted_by_shop,
    "a coarse survey": lambda r, n: {f"question {i}": r.integers(1, 6, n) for i in range(7)},
    "a real step": lambda r, n: {
        "fee": (np.where(np.arange(n) < 0.55 * n, 10, 16) * np.exp(0.1 * r.normal(size=n))).round(2)
    },
    "customers who return": _customers,
    "cities and their countries": _cities,
    "routes": lambda r, n: {"route": [f"r{i}" for i in r.integers(0, 100, n)]},
    "codes": lambda r, n: {"code": np.array(["17", "4A", "3E5", "12", "C9"])[r.integers(0, 5, n)]},
    "a trend": lambda r, n: {
        "index": (100 * np.exp(np.log(3) * np.arange(n) / n + 0.1 * r.normal(size=n))).round(2)
    },
    "a list of prices": lambda r, n: {"tag": r.choice(PRICES, n)},
    "capped incomes": lambda r, n: {"income": np.minimum(r.lognormal(3, 0.7, n), 60).round(2)},
    "years": lambda r, n: {"year": r.integers(1990, 2021, n)},
    "a number of the row": lambda r, n: {"number": r.permutation(n) + 10_000_000},
    "a rare flag": lambda r, n: {"flag": (r.random(n) < 0.02).astype(int)},
}
