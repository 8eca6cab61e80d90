"""How and where predictions are wrong: calibration, confusion, residuals, worst rows, slices."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import confusion_matrix

from ..utils.predictions import Array, Predictions
from .intervals import Interval, bootstrap
from .metrics import Metric

# Points in the residual plot; the file is committed, so it stays small.
MAX_POINTS = 300
N_WORST = 20
# A column with more values is not a way to group rows.
MAX_VALUES = 20
MIN_ROWS = 10
MAX_DRAWS = 100
# A number with more values is cut at its quartiles.
MAX_NUMBERS, QUARTILES = 4, (0.25, 0.5, 0.75)


def calibration(y_true: Array, y_pred: Array, y_score: Any, n_bins: int) -> dict[str, Any]:
    """Expected calibration error, and the bins behind it.

    Two classes: the probability of the positive one against its frequency. More: the probability
    of the predicted class. Numbers: the mean prediction against the mean truth, in their unit.
    Source: Naeini and others (2015), Obtaining Well Calibrated Probabilities, AAAI.
    """
    if y_score is None:
        of, stated, observed = "value", y_pred, y_true
    elif y_score.shape[1] == 2:
        of, stated, observed = "positive class", y_score[:, 1], y_true == 1
    else:
        of, stated, observed = "predicted class", y_score.max(axis=1), y_true == y_pred
    ends = (0.0, 1.0) if y_score is not None else (-np.inf, np.inf)
    inner = np.unique(np.quantile(stated, np.linspace(0, 1, n_bins + 1)))[1:-1]
    places = np.searchsorted(inner, stated, side="right")
    rows = pl.DataFrame({"bin": places, "stated": stated, "observed": observed.astype(float)})
    margin = 1.96 * pl.col("observed").std(ddof=0) / pl.len().sqrt()
    bins = rows.group_by("bin").agg(
        pl.len().alias("n_rows"),
        pl.col("stated", "observed").mean(),
        low=(pl.col("observed").mean() - margin).clip(*ends),
        high=(pl.col("observed").mean() + margin).clip(*ends),
    )
    error = (bins["n_rows"] * (bins["stated"] - bins["observed"]).abs()).sum() / len(stated)
    return {"of": of, "expected_error": error, "bins": bins.sort("bin").drop("bin").to_dicts()}


def confusion(y_true: Array, y_pred: Array, classes: Sequence[str]) -> dict[str, Any]:
    """Counts of the true class (row) by the predicted class (column)."""
    counts = confusion_matrix(y_true, y_pred, labels=range(len(classes)))
    return {"classes": list(classes), "counts": counts.tolist()}


def residuals(y_true: Array, y_pred: Array) -> dict[str, Any]:
    """Predictions and their errors: at most MAX_POINTS points, evenly picked by prediction."""
    error = y_pred - y_true
    picked = np.linspace(0, len(error) - 1, min(len(error), MAX_POINTS)).round().astype(int)
    picked = np.argsort(y_pred, kind="stable")[picked]
    return {"y_pred": y_pred[picked].tolist(), "error": error[picked].tolist()}


def worst_errors(
    y_true: Array, y_pred: Array, y_score: Any, rows: Array, classes: Sequence[str] | None
) -> list[dict[str, Any]]:
    """The rows with the largest error, the worst first; of a classifier the wrong ones alone.

    rows: the number of each row in the file. No column of the data is shown, so that the report
    can be passed on where the data may not be.
    """
    if classes is None:
        size = np.abs(y_pred - y_true)
        worst = np.argsort(-size, kind="stable")[:N_WORST]
        return [
            {"row": int(rows[i]), "y_true": float(y_true[i]), "y_pred": float(y_pred[i])}
            for i in worst[size[worst] > 0]
        ]
    of_truth = y_score[np.arange(len(y_true)), y_true]
    wrong = np.flatnonzero(y_true != y_pred)
    return [
        {"row": int(rows[i]), "y_true": classes[y_true[i]], "y_pred": classes[y_pred[i]]}
        | {"score_of_truth": float(of_truth[i])}
        for i in wrong[np.argsort(of_truth[wrong], kind="stable")][:N_WORST]
    ]


def score_slices(
    name: str,
    metric: Metric,
    columns: list[pl.Series],
    y_true: Array,
    predicted: Predictions,
    **bootstrap_options: Any,
) -> list[dict[str, Any]]:
    """One entry per value of each column, the worst first; see `groups`.

    A group of fewer than MIN_ROWS rows, or without a defined metric, has None as its value.
    """
    bootstrap_options["n_resamples"] = min(bootstrap_options["n_resamples"], MAX_DRAWS)
    entries: list[dict[str, Any]] = []
    for column in columns:
        for value, rows in groups(column):
            found: Interval = {"value": None, "low": None, "high": None}
            if len(rows) >= MIN_ROWS:
                found = bootstrap(metric, y_true[rows], predicted.take(rows), **bootstrap_options)
            entry = {"column": column.name, "value": value, "n_rows": len(rows), "metric": name}
            ends = {"low": found["low"], "high": found["high"]}
            entries.append({**entry, "value_of_metric": found["value"], **ends})
    sign = 1 if metric.greater_is_better else -1
    known = [entry for entry in entries if entry["value_of_metric"] is not None]
    known.sort(key=lambda entry: sign * entry["value_of_metric"])
    return known + [entry for entry in entries if entry["value_of_metric"] is None]


def groups(column: pl.Series) -> Iterator[tuple[str, Array]]:
    """(value, positions of its rows): numbers by quarters, dates by year, nulls on their own."""
    cells = column
    if column.dtype.is_temporal():
        cells = column.dt.year()
    elif column.dtype.is_numeric() and column.n_unique() > MAX_NUMBERS:
        quartiles = np.quantile(column.drop_nulls().to_numpy(), QUARTILES)
        cuts = np.unique([float(f"{quartile:.6g}") for quartile in quartiles])
        names = [f"up to {cut:.6g}" for cut in cuts] + [f"above {cuts[-1]:.6g}"]
        places = np.searchsorted(cuts, column.fill_null(np.nan).to_numpy())
        cells = pl.Series([names[min(place, len(cuts))] for place in places])
        cells = cells.set(column.is_null(), None)
    texts = cells.cast(pl.String).fill_null("(missing)")
    if texts.n_unique() <= MAX_VALUES:
        for value in texts.unique().sort().to_list():
            yield value, (texts == value).arg_true().to_numpy().astype(np.intp)
