"""Whether the business indicator moves with live quality."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from scipy.stats import pearsonr

from .settings import PATH, Kpi

DAY, KPI, LEVEL = "day", "kpi", 0.95
MIN_POINTS = 8  # windows; fewer pairs correlate by chance


def agreement(root: Path, kpi: Kpi, windows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Correlation over windows with both, and its interval; None below MIN_POINTS of them.

    below: how far the correlation is below kpi.min_correlation; None also before there is a file.
    """
    if kpi.file is None or not (root / kpi.file).is_file():
        return {"below": None}
    values = _read(root / kpi.file, -1 if kpi.lower_is_better else 1)
    days = [(one["start"][:10], one["quality"]["value"]) for one in windows]
    points = [
        {DAY: day, KPI: values[day], "quality": quality}
        for day, quality in days
        if day in values and quality is not None
    ]
    report: dict[str, float | None] = dict.fromkeys(("value", "low", "high", "below"))
    if len(points) >= MIN_POINTS:
        found = pearsonr(*([one[name] for one in points] for name in (KPI, "quality")))
        value, (low, high) = float(found.statistic), found.confidence_interval(LEVEL)
        report |= {"value": value, "low": float(low), "high": float(high)}
        report["below"] = kpi.min_correlation - value
    return {**report, "n_windows": len(points), "points": points}


def _read(path: Path, sign: int) -> dict[str, float]:
    """Day -> indicator, of which more is better; raises ValueError for a missing column."""
    table = pl.read_csv(path, schema_overrides={DAY: pl.String, KPI: pl.Float64})
    if missing := [name for name in (DAY, KPI) if name not in table.columns]:
        raise ValueError(f"{path}: column '{missing[0]}' is missing; {PATH}: kpi.file has both")
    return {day: sign * value for day, value in table.select(DAY, KPI).drop_nulls().rows()}
