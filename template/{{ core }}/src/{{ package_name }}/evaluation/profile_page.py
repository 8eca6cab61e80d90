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
    """Bars with their heights, and the line through the means of the target."""
    place, labels = _bins(cells)
    gap = len(labels)
    labels = [*labels, "empty"] if cells.null_count() else labels
    place = np.where(cells.is_null().to_numpy(), gap, place)
    counts = np.bincount(place, minlength=len(labels))
    known = goal.is_not_null().to_numpy()
    y = goal.fill_null(0).to_numpy()
    n_known = np.bincount(place[known], minlength=len(labels))
    means = np.bincount(place[known], y[known], minlength=len(labels)) / np.maximum(n_known, 1)
    bars = [
        {"label": label, "rows": int(n), "height": _percent(n, counts.max()), "gap": i == gap}
        for i, (label, n) in enumerate(zip(labels, counts, strict=True))
    ]
    shown = [i for i in range(gap) if n_known[i] >= MIN_ROWS]
    low, width = means[shown].min(initial=np.inf), np.ptp(means[shown]) if shown else 0.0
    points = [(i * 10 + 5, 90 - _percent(means[i] - low, width) * 0.8) for i in shown]
    line = " ".join(f"{x},{height:.1f}" for x, height in points) if width > 0 else ""
    return {"bars": bars, "line": line}


def _percent(value: float, whole: float) -> float:
    return round(100 * float(value) / float(whole), 1) if whole else 0.0


def _bins(cells: pl.Series) -> tuple[Any, list[str]]:
    """(the bin of each row, the bins' labels): values of a text, or ranges of a number."""
    if cells.dtype in (pl.String, pl.Boolean):
        texts = cells.cast(pl.String)
        top = texts.drop_nulls().value_counts(sort=True)[cells.name].to_list()
        labels = top[:N_BARS] + (["other"] if len(top) > N_BARS else [])
        codes = {value: min(i, N_BARS) for i, value in enumerate(top)}
        place = texts.replace_strict(codes, default=0, return_dtype=pl.Int64)
        return place.to_numpy(), labels or ["empty"]
    values = numbers(cells)
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.005, 0.995]) if len(known) else (0.0, 1.0)
    edges = np.linspace(float(low), float(high), N_BINS + 1)
    starts, edges = pl.Series(edges[:-1]), edges[1:-1]
    names = starts.cast(cells.dtype) if cells.dtype.is_temporal() else starts
    labels = [f"from {name:.4g}" if isinstance(name, float) else f"from {name}" for name in names]
    return np.searchsorted(edges, np.nan_to_num(values), side="right"), labels
