"""Whether two samples of a column are of one distribution, and how far apart they are."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ops import psi

Array = NDArray[Any]
LEVEL = 0.05
WORTH_A_LOOK = 0.1
# The usual demand on a chi-square test; rarer values share a cell.
EXPECTED_MIN = 5
EXACT_PAIRS = 10_000


@dataclass(frozen=True)
class Test:
    """A two-sample test: its name, its statistic and the chance of one at least as large."""

    __test__ = False  # not one of pytest's

    name: str
    statistic: float
    p_value: float


def compare(before: Mapping[str, Array], after: Mapping[str, Array]) -> list[dict[str, Any]]:
    """One entry a column that both have, the worst first.

    before, after: column -> cells, shape (n_rows,); floats (NaN is empty) or texts (None is empty).

    An entry: column, psi, psi_by_chance, test, statistic, p_value, p_adjusted (for the number of
    columns), moved, and the shares of both in each bin. A column has moved if the test says so and
    its index is above what is worth a look: on many rows every difference is significant, on few
    every index is large.
    """
    found = [_compare(name, cells, after[name]) for name, cells in before.items() if name in after]
    adjusted = benjamini_hochberg([one["p_value"] for one in found])
    for one, p_value in zip(found, adjusted, strict=True):
        one["p_adjusted"] = p_value
        one["moved"] = p_value < LEVEL and one["psi"] > WORTH_A_LOOK
    return sorted(found, key=lambda one: (not one["moved"], -one["psi"], one["column"]))


def _compare(name: str, before: Array, after: Array) -> dict[str, Any]:
    bins, counts = _counts(before, after)
    is_number = before.dtype.kind == "f"
    test = kolmogorov_smirnov(before, after) if is_number else chi_square(*counts)
    return {
        "column": name,
        "psi": psi.psi(*counts),
        "psi_by_chance": _finite(psi.by_chance(*counts)),
        "test": test.name,
        "statistic": test.statistic,
        "p_value": test.p_value,
        "bins": bins,
        "before": _shares(counts[0]),
        "after": _shares(counts[1]),
    }


def kolmogorov_smirnov(before: Array, after: Array) -> Test:
    """Two-sample Kolmogorov-Smirnov test of numbers; NaN, as a value of its own, is the largest.

    With ties, as in counts and constants, the chance is overstated: it cries too seldom.

    Source: Smirnov (1939), by way of scipy; Massey (1951), The Kolmogorov-Smirnov Test for Goodness
    of Fit, https://doi.org/10.1080/01621459.1951.10500769.
    """
    from scipy.stats import ks_2samp

    one, other = (np.where(np.isnan(cells), np.inf, cells) for cells in (before, after))
    if not len(one) or not len(other):
        return Test("Kolmogorov-Smirnov", 0.0, 1.0)
    # The approximation divides by zero on a row or two; on many rows the exact sum takes seconds,
    # and on a few ties it may exceed one by a rounding error: scipy warns, and approximates.
    method = "exact" if len(one) * len(other) <= EXACT_PAIRS else "asymp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = ks_2samp(one, other, method=method)
    return Test("Kolmogorov-Smirnov", float(found.statistic), float(found.pvalue))


def chi_square(before: Sequence[int], after: Sequence[int]) -> Test:
    """Chi-square test of two counts over the same values; rare values are taken together.

    Source: Pearson (1900), https://doi.org/10.1080/14786440009463897.
    """
    from scipy.stats import chi2_contingency

    table = np.asarray([before, after], dtype=np.float64)
    total = table.sum()
    if not table.sum(axis=1).all():
        return Test("chi-square", 0.0, 1.0)
    least = table.sum(axis=0) * table.sum(axis=1).min() / total
    rare = least < EXPECTED_MIN
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return Test("chi-square", 0.0, 1.0)
    found = chi2_contingency(table, correction=False)
    return Test("chi-square", float(found.statistic), float(found.pvalue))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The p-values after Benjamini and Hochberg: of those below q, about q are false alarms.

    Source: Benjamini and Hochberg (1995), Controlling the False Discovery Rate,
    https://doi.org/10.1111/j.2517-6161.1995.tb02031.x.
    """
    from scipy.stats import false_discovery_control

    return [float(p) for p in false_discovery_control(p_values)] if len(p_values) else []


def _counts(before: Array, after: Array) -> tuple[list[str], tuple[list[int], list[int]]]:
    """Names of the bins, taken from `before`, and rows of both in each."""
    if before.dtype.kind == "f" and not _is_discrete(before):
        edges = psi.edges_of(before)
        names = [*(f"to {edge:.4g}" for edge in edges), "above", psi.EMPTY]
        return names, (psi.count_numbers(before, edges), psi.count_numbers(after, edges))
    one, other = _words(before), _words(after)
    words = psi.words_of(one)
    names = [*words, psi.OTHER, psi.EMPTY]
    return names, (psi.count_words(one, words), psi.count_words(other, words))


def _is_discrete(numbers: Array) -> bool:
    known = numbers[~np.isnan(numbers)]
    return psi.is_discrete(len(np.unique(known)), len(known))


def _words(cells: Array) -> list[str | None]:
    if cells.dtype.kind == "f":
        return [None if np.isnan(cell) else f"{cell:.12g}" for cell in cells]
    return [None if cell is None else str(cell) for cell in cells]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
