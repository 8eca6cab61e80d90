"""The page about the data: a small picture of each column, and what is suspicious."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..utils.files import write_text
from ..utils.suspects import numbers, sample
from .report import render

PAGE = Path("reports", "profile.html")
N_SAMPLE, N_BINS, N_BARS = 20_000, 20, 12
WIDE = 10  # of a bar, in the picture's units
MIN_ROWS = 5  # in train, for a point of the line


def write_page(
    root: Path, table: pl.DataFrame, part: pl.Series, y: Any, meaning: str, seen: dict[str, Any]
) -> None:
    """Write reports/profile.html, which needs no other file.

    y: what the line shows the mean of, by row of the table. seen: reports/profile.json.
    """
    rows = sample(table.with_columns(part.alias("_part"), pl.Series("_y", y)), N_SAMPLE)
    goal = rows.select(pl.when(pl.col("_part") == "train").then("_y")).to_series()
    columns = [{**one, **_picture(rows[one["name"]], goal)} for one in seen["columns"]]
    page = render(
        "evaluation/profile.html",
        columns=[one | {"is_target": one["name"] == seen["target"]} for one in columns],
        suspects=seen["suspects"],
        n_rows=len(table),
        meaning=meaning,
    )
    write_text(root / PAGE, page)


def _picture(cells: pl.Series, goal: pl.Series) -> dict[str, Any]:
    """SVG paths of the bars and of empty cells, and the line through the target's means."""
    place, n_bars = _bins(cells)
    place = np.where(cells.is_null().to_numpy(), n_bars, place)
    counts = np.bincount(place, minlength=n_bars + 1)
    heights = 100 * counts / counts.max()
    bars = "".join(_bar(i, height) for i, height in enumerate(heights[:n_bars]))
    gap = _bar(n_bars, heights[n_bars]) if counts[n_bars] else ""
    known, y = goal.is_not_null().to_numpy(), goal.fill_null(0).to_numpy()
    n_known = np.bincount(place[known], minlength=n_bars + 1)
    total = np.bincount(place[known], y[known], minlength=n_bars + 1)
    shown = np.flatnonzero(n_known[:n_bars] >= MIN_ROWS)
    means = total[shown] / n_known[shown]
    spread = float(np.ptp(means)) if len(means) > 1 else 0.0
    drops = 90 - 80 * (means - means.min(initial=np.inf)) / (spread or 1)
    points = [f"{WIDE * i + WIDE / 2:g},{y:.0f}" for i, y in zip(shown, drops, strict=True)]
    line = " ".join(points) if spread else ""
    return {"bars": bars, "gap": gap, "line": line, "width": WIDE * (n_bars + bool(gap))}


def _bar(place: int, height: float) -> str:
    return f"M{WIDE * place} 100v{-height:.1f}h{WIDE - 1}V100z"


def _bins(cells: pl.Series) -> tuple[Any, int]:
    """(the bar of each row, how many): the commonest values of a text, or ranges of a number."""
    if cells.dtype in (pl.String, pl.Boolean):
        top = cells.alias("cell").drop_nulls().value_counts(sort=True)["cell"].to_list()
        bars = {value: min(i, N_BARS - 1) for i, value in enumerate(top)}
        place = cells.replace_strict(bars, default=0, return_dtype=pl.Int64)
        return place.to_numpy(), max(1, min(len(top), N_BARS))
    values = numbers(cells)
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.005, 0.995]) if len(known) else (0.0, 1.0)
    edges = np.linspace(float(low), float(high), N_BINS + 1)[1:-1]
    return np.searchsorted(edges, np.nan_to_num(values), side="right"), N_BINS
