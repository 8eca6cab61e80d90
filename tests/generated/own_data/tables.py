"""Tables for the tests of `prepare`'s look at the data: known ones, made ones, and pure noise.

Runs in a generated project's environment. Each table is text cells, as they are in a CSV file.
"""

# Our own environment has neither polars nor scikit-learn.
# mypy: ignore-errors
from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

FOREIGN = Path(__file__).parents[1] / "foreign"
SHOPS, KINDS = [f"shop {c}" for c in "abcdef"], list("abcd")


@dataclass(frozen=True)
class Table:
    """rows: text cells. lines: of conf/default.yaml that differ, by key."""

    rows: pl.DataFrame
    task: str
    target: str
    lines: dict[str, str] = field(default_factory=dict)

    @property
    def measures(self) -> list[str]:
        """Number columns with many values, in order."""
        found = [name for name in self.rows.columns if name != self.target]
        return [name for name in found if self.numbers(name).drop_nulls().n_unique() > 20]

    def numbers(self, name: str) -> pl.Series:
        """The column as numbers; null where a cell is none."""
        return self.rows[name].cast(pl.Float64, strict=False)


def known(name: str) -> Table:
    """A classification or regression set of scikit-learn, penguins, or weather split by time."""
    if name == "penguins":
        rows = pl.read_csv(FOREIGN / "penguins.csv", infer_schema=False, null_values="NA")
        return Table(rows, "classification", "species")
    if name == "weather":
        rows = pl.read_csv(FOREIGN / "seattle-weather.csv", infer_schema=False)
        return Table(rows, "regression", "temp_max", {"by": "time", "column": "date"})
    datasets = importlib.import_module("sklearn.datasets")
    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    names = [str(one).replace(" ", "_") for one in bunch.feature_names]
    is_class = hasattr(bunch, "target_names") and bunch.target.ndim == 1
    y = bunch.target if bunch.target.ndim == 1 else bunch.target[:, 0]
    is_class = is_class and name not in ("diabetes", "linnerud")
    labels = [f"class {code}" for code in y] if is_class else y
    rows = pl.DataFrame(bunch.data, schema=names).with_columns(answer=pl.Series(labels))
    task = "classification" if is_class else "regression"
    return Table(rows.cast(pl.String), task, "answer")


def made(task: str, n_rows: int, seed: int, n_classes: int = 2, sigma: float = 0.5) -> Table:
    """Prices, weights, ages, temperatures, shops and days without a fault.

    sigma: the spread of the logarithm of `price`, and of a regression's target.
    """
    r = np.random.default_rng(seed)
    price, weight = r.lognormal(3, sigma, n_rows), r.normal(70, 12, n_rows)
    heft, kind = 5 + r.gamma(9, 4, n_rows), np.array(KINDS)[r.integers(0, 4, n_rows)]
    days = np.datetime64("2022-01-01") + np.sort(r.integers(0, 730, n_rows))
    signal = 0.8 * (np.log(price) - 3) / sigma + (weight - 70) / 12 - (heft - 36) / 12
    signal += 0.8 * np.isin(kind, ["a", "b"])
    if task == "regression":
        noise = r.normal(size=n_rows)
        y: Any = np.exp(2 + sigma * (0.8 * signal / signal.std() + 0.6 * noise)).round(4)
    else:
        score = 1.5 * signal + r.normal(size=n_rows)
        cuts = np.quantile(score, np.linspace(0, 1, n_classes + 1)[1:-1])
        y = [f"class {code}" for code in np.searchsorted(cuts, score)]
    columns = {
        "price": price.round(2),
        "weight": weight.round(2),
        "heft": heft.round(2),
        "age": r.integers(18, 96, n_rows),
        "temperature": r.normal(5, 10, n_rows).round(2),
        "shop": np.array(SHOPS)[r.integers(0, 6, n_rows)],
        "kind": kind,
        "day": days.astype(str),
        "answer": y,
    }
    return Table(pl.DataFrame(columns).cast(pl.String), task, "answer")


def noise(seed: int) -> Table:
    """Ten columns of several kinds, and a target that has nothing to do with them."""
    r = np.random.default_rng(seed)
    n_rows = int(r.choice([150, 500, 3000]))
    draws: list[Callable[[], Any]] = [
        lambda: r.normal(size=n_rows),
        lambda: r.lognormal(1, 1.5, n_rows).round(2),
        lambda: r.integers(0, 50, n_rows),
        lambda: np.array(list("abcde"))[r.integers(0, 5, n_rows)],
        lambda: r.gamma(2, 3, n_rows).round(1),
        lambda: r.uniform(size=n_rows),
    ]
    columns = {f"x{i}": draws[int(r.integers(len(draws)))]() for i in range(10)}
    task = ["classification", "regression"][seed % 2]
    labels = [f"class {code}" for code in r.integers(0, int(r.choice([2, 3, 5])), n_rows)]
    columns["answer"] = labels if task == "classification" else r.lognormal(0, 1, n_rows)
    return Table(pl.DataFrame(columns).cast(pl.String), task, "answer")


def table(name: str, seed: int, n_rows: int) -> Table:
    """`made classes`, `made 12 classes`, `made numbers`, `made skewed`, `noise`, or a known one."""
    if name == "noise":
        return noise(seed)
    if name == "made classes":
        return made("classification", n_rows, seed)
    if name == "made 12 classes":
        return made("classification", n_rows, seed, n_classes=12)
    if name == "made numbers":
        return made("regression", n_rows, seed)
    if name == "made skewed":
        return made("regression", n_rows, seed, sigma=2.0)
    return known(name)
