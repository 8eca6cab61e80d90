"""How far a distribution has moved: the population stability index, and how far chance moves it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

N_BINS = 10
# A bin that held fewer rows would be full or empty by luck.
ROWS_PER_BIN = 5
MAX_WORDS = 20
OTHER = "(other)"
EMPTY = "(empty)"


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Population stability index of two counts over the same bins; 0 is no difference.

    Sum of (a - e) ln(a / e) over shares e and a. By custom below 0.1 is little, above 0.25 much.
    Half a row is added to each bin, so that an empty one is a large difference and no infinite one.

    Source: Siddiqi (2006), Credit Risk Scorecards, where it got its name and the two limits; the
    sum is Jeffreys (1946), An invariant form for the prior probability in estimation problems,
    https://doi.org/10.1098/rspa.1946.0056.
    """
    before, after = _in_use(expected, actual)
    if len(before) < 2:
        return 0.0
    e, a = ((counts + 0.5) / (counts + 0.5).sum() for counts in (before, after))
    return float(((a - e) * np.log(a / e)).sum())


def by_chance(expected: ArrayLike, actual: ArrayLike, *, level: float = 0.999) -> float:
    """The index that this share of pairs of samples from one population stays below.

    Under no change it is near chi-square with n_bins - 1 degrees of freedom, times the sum of both
    1 / n. On sixty rows chance alone passes 0.25.

    Source: Yurdakul (2018), Statistical Properties of Population Stability Index,
    https://scholarworks.wmich.edu/dissertations/3208.
    """
    from scipy.special import chdtri

    before, after = _in_use(expected, actual)
    if len(before) < 2:
        return 0.0
    if not before.sum() or not after.sum():
        return float("inf")
    return float((1 / before.sum() + 1 / after.sum()) * chdtri(len(before) - 1, 1 - level))


def _in_use(expected: ArrayLike, actual: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Both counts without the bins that are empty in both."""
    before, after = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    used = (before + after) > 0
    return before[used], after[used]


def edges_of(numbers: ArrayLike) -> list[float]:
    """The quantiles between up to ten bins of equally many rows; NaN does not count."""
    values = np.asarray(numbers, np.float64)
    values = values[np.isfinite(values)]
    n_bins = min(N_BINS, max(2, len(values) // ROWS_PER_BIN))
    if not len(values):
        return []
    return [float(edge) for edge in np.unique(np.quantile(values, np.arange(1, n_bins) / n_bins))]


def count_numbers(numbers: ArrayLike, edges: Sequence[float]) -> list[int]:
    """Rows in each bin, an edge belonging to the bin below it; the last bin is for NaN."""
    values = np.asarray(numbers, np.float64)
    known = values[~np.isnan(values)]
    places = np.searchsorted(np.asarray(edges), known, side="left")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return [*(int(count) for count in counts), len(values) - len(known)]


def words_of(words: Sequence[str | None]) -> list[str]:
    """The values with a bin of their own, most frequent first; the others share one."""
    known = np.array([word for word in words if word is not None], dtype=str)
    values, counts = np.unique(known, return_counts=True)
    return [str(values[place]) for place in np.argsort(-counts, kind="stable")[:MAX_WORDS]]


def count_words(words: Sequence[str | None], known: Sequence[str]) -> list[int]:
    """Rows of each known value, then of all others, then without a value."""
    places = {word: place for place, word in enumerate(known)}
    found = [len(known) + 1 if word is None else places.get(word, len(known)) for word in words]
    return [int(count) for count in np.bincount(found, minlength=len(known) + 2)]


def is_discrete(n_unique: int, n_rows: int) -> bool:
    """Whether numbers repeat so often that each value is a bin: a code, a count, a constant."""
    return n_unique <= min(MAX_WORDS, n_rows / ROWS_PER_BIN)
