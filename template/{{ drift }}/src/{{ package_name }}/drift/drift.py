"""Compare valid, or a new file, with train column by column; the test part stays closed."""

import argparse
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..configs.load import load_project
from ..dataloader.manifest import read_part
from ..dataloader.schema import Schema, describe, read_schema
from ..dataloader.sources import ROW, load
from ..evaluation.report import render
from ..executor.prepare import ensure
from ..utils.errors import CheckFailed
from ..utils.files import write_json, write_text
from ..utils.logs import log

Array = NDArray[Any]
LEVEL, MIN_PSI = 0.05, 0.1  # on many rows everything is significant, on few every index is large
N_BINS, MAX_VALUES, EXPECTED_MIN = 10, 20, 5
EXACT_PAIRS = 10_000  # above, scipy's exact test takes seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--file`."""
    parser.add_argument("--file", help="a new CSV or Parquet file to compare instead of valid")


def run(args: argparse.Namespace) -> None:
    """Write reports/drift.json and .html; raises CheckFailed where cells break the schema."""
    config = load_project(args.root, args.overrides)
    manifest, schema = ensure(config, args.root), read_schema(args.root)
    assert schema is not None  # `prepare` wrote it
    train, new, shown, n_invalid = read_part(args.root, "train"), None, "valid", 0
    if args.file is not None:
        path, shown = Path(args.file), Path(args.file).name
        table = load(config.data, args.root, path)
        n_invalid = _count_invalid(schema.select(manifest["features"]), table, shown)
        present = [name for name in schema.columns if name in table.columns]
        new = schema.select(present).parse(table)
    new = read_part(args.root, "valid") if new is None else new
    by_time = config.data.split.column if config.data.split.by == "time" else None
    known = [*manifest["features"], config.data.target]
    names = [name for name in known if name in new.columns and name != by_time]
    columns = compare(train.select(names), new.select(names))
    n_moved = sum(one["moved"] for one in columns)
    log("drift", f"{n_moved} of {len(names)} columns moved from train to {shown}")
    for one in columns[: max(n_moved, 3)]:
        log("", f"{one['column']:<24}  psi {one['psi']:.3f}  adjusted p {one['p_adjusted']:.2g}")
    report = {"created": datetime.now(UTC).isoformat(), "compared": shown, "n_rows": len(new)}
    report |= {"n_invalid_rows": n_invalid, "level": LEVEL, "min_psi": MIN_PSI, "columns": columns}
    write_json(args.root / "reports" / "drift.json", report)
    page = render("drift/drift.html", report=report)
    write_text(args.root / "reports" / "drift.html", page)
    log("", "report    reports/drift.html      record  reports/drift.json")
    if n_invalid:
        raise CheckFailed(f"{shown}: {n_invalid} of {len(new)} rows break the rules of the schema")


def _count_invalid(schema: Schema, table: pl.DataFrame, shown: str) -> int:
    """Print the cells that break a rule; returns how many rows they are in."""
    schema.check_columns(table.columns, shown)
    bad = schema.violations(table, schema.parse(table))
    for line in describe(bad, shown):
        log("", line)
    return bad[ROW].n_unique()


def compare(before: pl.DataFrame, after: pl.DataFrame) -> list[dict[str, Any]]:
    """One entry per column, the moved ones first: psi, test, p_value, p_adjusted, moved.

    psi_by_chance: the index that 999 of 1000 pairs of samples of one population stay below.
    Source: Siddiqi (2006), Credit Risk Scorecards; Yurdakul (2018), Statistical Properties of
    Population Stability Index; Benjamini and Hochberg (1995) for p_adjusted.
    """
    from scipy.stats import chi2, false_discovery_control

    found = []
    for name in before.columns:
        counts, bins = _counts(before[name], after[name])
        is_number = len(bins) and bins[0].startswith("to ")
        test, result = _ks_test(before[name], after[name]) if is_number else _chi_square(counts)
        shares = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
        by_chance = (1 / counts.sum(axis=1)).sum() * chi2.ppf(0.999, max(1, counts.shape[1] - 1))
        index = float(np.subtract(*shares) @ np.log(np.divide(*shares)))
        entry = {"column": name, "psi": index, "psi_by_chance": float(by_chance), "test": test}
        entry |= {"statistic": float(result.statistic), "p_value": float(result.pvalue)}
        portions = (counts / counts.sum(axis=1, keepdims=True)).tolist()
        found.append({**entry, "bins": bins, "before": portions[0], "after": portions[1]})
    adjusted = false_discovery_control([one["p_value"] for one in found])
    for one, p_value in zip(found, adjusted.tolist(), strict=True):
        one |= {"p_adjusted": p_value, "moved": p_value < LEVEL and one["psi"] > MIN_PSI}
    return sorted(found, key=lambda one: (not one["moved"], -one["psi"]))


def _counts(before: pl.Series, after: pl.Series) -> tuple[Array, list[str]]:
    """Rows in each bin, shape (2, n_bins), and the bins: deciles of train, or its values."""
    parts = (before, after)
    if before.dtype != pl.String and before.n_unique() > MAX_VALUES:
        cells = [_floats(one) for one in parts]
        edges = np.unique(np.nanquantile(cells[0], np.linspace(0, 1, N_BINS + 1)[1:-1]))
        places = [np.searchsorted(edges, one) + np.isnan(one) for one in cells]
        bins = [*(f"to {edge:.4g}" for edge in edges), "above", "(missing)"]
    else:
        texts = [one.cast(pl.String).fill_null("(missing)") for one in parts]
        common = texts[0].value_counts(sort=True)[before.name].head(MAX_VALUES).to_list()
        bins, codes = [*common, "(other)"], {name: i for i, name in enumerate(common)}
        places = [one.replace_strict(codes, default=len(common)).to_numpy() for one in texts]
    counts = np.array([np.bincount(one, minlength=len(bins)) for one in places])
    used = counts.sum(axis=0) > 0
    return counts[:, used], [name for name, is_used in zip(bins, used, strict=True) if is_used]


def _floats(cells: pl.Series) -> Array:
    return cells.to_physical().cast(pl.Float64).to_numpy()


def _ks_test(before: pl.Series, after: pl.Series) -> tuple[str, Any]:
    """Kolmogorov-Smirnov test of two samples; an empty cell is the largest number."""
    from scipy.stats import ks_2samp

    one, other = (np.nan_to_num(_floats(cells), nan=np.inf) for cells in (before, after))
    method = "exact" if len(one) * len(other) <= EXACT_PAIRS else "asymp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of ties in few rows
        return "Kolmogorov-Smirnov", ks_2samp(one, other, method=method)


def _chi_square(counts: Array) -> tuple[str, Any]:
    """Chi-square test; values that are too rare for it share a bin."""
    from scipy.stats import chi2_contingency

    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    rare = expected < EXPECTED_MIN
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    return "chi-square", chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
