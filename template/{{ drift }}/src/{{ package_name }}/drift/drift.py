"""Compare valid, or a new file, with train column by column; the test part stays closed."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import chi2, chi2_contingency, false_discovery_control, ks_2samp

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.column_types import TEXT_SHARE
from ..dataloader.examples import measures
from ..dataloader.manifest import read_part
from ..dataloader.schema import describe, read_schema
from ..dataloader.sources import ROW, load
from ..evaluation.report import render
from ..executor.prepare import ensure
from ..utils.errors import CheckFailed
from ..utils.files import write_json, write_text
from ..utils.logs import log
from ..utils.suspects import numbers

Array = NDArray[Any]
LEVEL, MIN_PSI = 0.05, 0.1  # on many rows everything is significant, on few every index is large
N_BINS, MAX_VALUES, EXPECTED_MIN = 10, 20, 5
N_WORDS = 1000  # of train, to compare free texts by


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--file`."""
    parser.add_argument("--file", help="a new CSV or Parquet file to compare instead of valid")


def run(args: argparse.Namespace) -> None:
    """Write reports/drift.json and .html; raises CheckFailed where cells break the schema."""
    config = load_project(args.root, args.overrides)
    manifest, schema = ensure(config, args.root), read_schema(args.root)
    assert schema is not None  # `prepare` wrote it
    shown, n_invalid, new = "valid", 0, read_part(args.root, "valid")
    if args.file is not None:
        shown, table = Path(args.file).name, load(config.data, args.root, Path(args.file))
        features = schema.select(manifest["features"])
        features.check_columns(table.columns, shown)
        bad = features.violations(table, features.parse(table))
        for line in describe(bad, shown):
            log("", line)
        n_invalid, new = bad[ROW].n_unique(), schema.select(table.columns).parse(table)
    before, after = (
        _measured(part, config, manifest["features"], known=new.columns)
        for part in (read_part(args.root, "train"), new)
    )
    columns = compare(before, after)
    n_moved = sum(one["moved"] for one in columns)
    log("drift", f"{n_moved} of {len(columns)} columns moved from train to {shown}")
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


def _measured(
    part: pl.DataFrame, config: Config, features: list[str], known: list[str]
) -> pl.DataFrame:
    """What is compared of the features and of the target, without those that are not known."""
    by_time = config.data.split.column if config.data.split.by == "time" else None
    names = [name for name in features if name in known and name != by_time]
    target = [config.data.target] if config.data.target in known else []
    rows, values = measures(part.select(names), part.select(target), config.data)
    return rows.hstack(values)


def compare(before: pl.DataFrame, after: pl.DataFrame) -> list[dict[str, Any]]:
    """One entry per column, the moved ones first: psi, test, p_value, p_adjusted, moved.

    psi_by_chance: the index that 999 of 1000 pairs of samples of one population stay below.
    Source: Siddiqi (2006), Credit Risk Scorecards; Yurdakul (2018), Statistical Properties of
    Population Stability Index; Benjamini and Hochberg (1995) for p_adjusted.
    """
    found = [_compare(before[name], after[name]) for name in before.columns]
    adjusted = false_discovery_control([one["p_value"] for one in found])
    for one, p_value in zip(found, adjusted.tolist(), strict=True):
        one |= {"p_adjusted": p_value, "moved": p_value < LEVEL and one["psi"] > MIN_PSI}
    return sorted(found, key=lambda one: (not one["moved"], -one["psi"]))


def _familiar(before: pl.Series, after: pl.Series) -> tuple[pl.Series, pl.Series]:
    """For each text the share of its words that are among the N_WORDS commonest of train."""
    counts = _words(before).explode().alias("").value_counts(sort=True)
    common = counts[""].head(N_WORDS).implode()
    known = pl.element().is_in(common)
    first, second = (_words(cells).list.eval(known).list.mean() for cells in (before, after))
    return first, second


def _words(cells: pl.Series) -> pl.Series:
    return cells.fill_null("").str.to_lowercase().str.extract_all(r"\w+")


def _compare(before: pl.Series, after: pl.Series) -> dict[str, Any]:
    if before.dtype == pl.String and before.n_unique() > TEXT_SHARE * len(before):
        before, after = _familiar(before, after)
    is_number = before.dtype != pl.String and before.n_unique() > MAX_VALUES
    counts, bins = (_deciles if is_number else _values)(before, after)
    used = np.flatnonzero(counts.sum(axis=0))
    counts, bins = counts[:, used], [bins[place] for place in used]
    test = "Kolmogorov-Smirnov" if is_number else "chi-square"
    result = _ks_test(before, after) if is_number else _chi_square(counts)
    shares = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
    by_chance = (1 / counts.sum(axis=1)).sum() * chi2.ppf(0.999, max(1, counts.shape[1] - 1))
    index = float(np.subtract(*shares) @ np.log(np.divide(*shares)))
    entry = {"column": before.name, "psi": index, "psi_by_chance": float(by_chance), "test": test}
    entry |= {"statistic": float(result.statistic), "p_value": float(result.pvalue)}
    one, other = (counts / counts.sum(axis=1, keepdims=True)).tolist()
    return {**entry, "bins": bins, "before": one, "after": other}


def _deciles(before: pl.Series, after: pl.Series) -> tuple[Array, list[str]]:
    """Rows in each bin, shape (2, n_bins), and the bins: deciles of train, and empty cells."""
    cells = [numbers(one) for one in (before, after)]
    edges = np.unique(np.nanquantile(cells[0], np.linspace(0, 1, N_BINS + 1)[1:-1]))
    places = [np.searchsorted(edges, one) + np.isnan(one) for one in cells]
    bins = [*(f"to {edge:.4g}" for edge in edges), "above", "(missing)"]
    return np.array([np.bincount(one, minlength=len(bins)) for one in places]), bins


def _values(before: pl.Series, after: pl.Series) -> tuple[Array, list[str]]:
    """Rows of each value, shape (2, n_values), and the values: the commonest of train."""
    texts = [one.cast(pl.String).fill_null("(missing)") for one in (before, after)]
    common = texts[0].alias("").value_counts(sort=True)[""].head(MAX_VALUES).to_list()
    counts = [[(one == name).sum() for name in common] for one in texts]
    rest = [len(one) - sum(found) for one, found in zip(texts, counts, strict=True)]
    return np.column_stack([counts, rest]), [*common, "(other)"]


def _ks_test(before: pl.Series, after: pl.Series) -> Any:
    """Kolmogorov-Smirnov test of two samples; an empty cell is the largest number."""
    one, other = (np.nan_to_num(numbers(cells), nan=np.inf) for cells in (before, after))
    return ks_2samp(one, other, method="asymp")  # the exact test takes seconds


def _chi_square(counts: Array) -> Any:
    """Chi-square test; values that are too rare for it share a bin."""
    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    rare = expected < EXPECTED_MIN
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    return chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
