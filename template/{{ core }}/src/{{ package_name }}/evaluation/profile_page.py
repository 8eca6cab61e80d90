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
EMPTY = -1  # the bar of empty cells


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
        **{**seen, "columns": columns},
        n_rows=len(table),
        meaning=meaning,
    )
    write_text(root / PAGE, page)


def _picture(cells: pl.Series, goal: pl.Series) -> dict[str, Any]:
    """bars: (place, height in percent); line: (place, depth in percent) of the target's means."""
    y, place = pl.col("y"), pl.col("place")
    bars = pl.DataFrame({"place": _places(cells), "y": goal}).group_by("place")
    found = bars.agg(n=pl.len(), n_known=y.count(), mean=y.mean()).sort("place")
    height = 100 * pl.col("n") / pl.col("n").max()
    known = found.filter(place != EMPTY, pl.col("n_known") >= MIN_ROWS)
    above = pl.col("mean") - pl.col("mean").min()
    line = known.select(place, depth=90 - 80 * above / above.max())
    # Means that do not differ make no line.
    line = line.filter(pl.col("depth").is_finite())
    return {"bars": found.select(place, height).rows(), "line": line.rows()}


def _places(cells: pl.Series) -> pl.Series:
    """The bar of each row: one for each of the commonest values of a text, or range of a number."""
    if cells.dtype in (pl.String, pl.Boolean):
        top = cells.alias("cell").drop_nulls().value_counts(sort=True)["cell"].to_list()
        bars = {value: min(i, N_BARS - 1) for i, value in enumerate(top)}
        return cells.replace_strict(bars, default=EMPTY, return_dtype=pl.Int64)
    values = numbers(cells)
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.005, 0.995]) if len(known) else (0.0, 1.0)
    edges = np.linspace(low, high, N_BINS + 1)[1:-1]
    places = np.searchsorted(edges, np.nan_to_num(values), side="right")
    return pl.Series(np.where(cells.is_null(), EMPTY, places))
