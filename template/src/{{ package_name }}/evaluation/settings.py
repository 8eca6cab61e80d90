"""How thoroughly to judge: the numbers that assess() takes from the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Defaults suit a few hundred rows.

    n_resamples: draws behind each interval. level: share of them inside it, in (0, 1).
    seed: the same seed gives the same intervals. n_bins: groups of rows in the calibration table.
    min_slice_rows: a slice with fewer rows says nothing and is left out, with a count.
    n_worst: rows in the list of worst errors.
    """

    n_resamples: int = 1000
    level: float = 0.95
    seed: int = 0
    n_bins: int = 10
    min_slice_rows: int = 10
    n_worst: int = 10
