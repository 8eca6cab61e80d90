"""The metric of fits on growing shares of train: would more rows help?"""

import math
import statistics
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Config
from ..dataloader.sources import ROW
from ..evaluation.intervals import Interval, bootstrap_gain
from ..evaluation.metrics import METRICS, Metric, evaluate_metric
from ..evaluation.text import interval_text, number_text
from ..model.predictor import Predictor, fit
from ..utils.predictions import Predictions
from ..utils.suspects import sample, untrue
from .context import RunContext
from .train import bootstrap_options

SHARES = (0.125, 0.25, 0.5)
N_REPEATS = 4
# More rows cost time; a curve that is cut here shows no gain beyond.
MAX_ROWS = 20_000
MIN_ROWS = 10
N_DRAWS = 100
Z = 1.96  # 95 %
# What the halves share with all rows: the variance that their differences do not show.
SHARED = 0.25
# Below this share of the way from the baseline a gain is no reason to gather rows.
SMALL = 0.02


def learning_curve(context: RunContext, suspects: list[dict[str, Any]]) -> dict[str, Any]:
    """n_rows; the metric on train and valid; the gain of the last doubling; verdict, sentence.

    Each share is drawn N_REPEATS times; the metric is the mean of their fits. n_valid: rows of
    valid that they are scored on.
    """
    context = replace(context, valid=sample(context.valid, MAX_ROWS, context.config.seed))
    limit = min(len(context.train), MAX_ROWS)
    counts = [max(MIN_ROWS, round(share * limit)) for share in SHARES]
    points: dict[str, list[float | None]] = {"train": [], "valid": []}
    orders = [_shuffled(context.train, context.config, seed) for seed in range(N_REPEATS)]
    full = context.model if limit == len(context.train) else _fit(context, orders[0][:limit])
    last: list[Predictions] = []
    for count in counts:
        fits = [(_fit(context, rows[:count]), rows[:count]) for rows in orders]
        last = _add_points(context, points, fits)
    of_all = _add_points(context, points, [(full, orders[0][:limit])])
    gain = _gain(context, of_all[0], last)
    verdict, sentence = _advice(context, gain, limit, untrue(suspects))
    counts.append(limit)
    found = {"n_rows": counts, "n_valid": len(context.valid), **points, "gain": gain}
    return {**found, "verdict": verdict, "sentence": sentence}


def _fit(context: RunContext, rows: pl.DataFrame) -> Predictor:
    config, manifest = context.config, context.manifest
    return fit(config, config.model, rows, manifest["features"], manifest["classes"])[0]


def _add_points(
    context: RunContext,
    points: dict[str, list[float | None]],
    fits: list[tuple[Predictor, pl.DataFrame]],
) -> list[Predictions]:
    """Add the mean of the fits on their own rows and on valid, None where it is not defined.

    Returns what each fit predicts for valid.
    """
    metric = METRICS[context.config.metric]
    predicted: list[Predictions] = []
    for part in points:
        tables = [rows if part == "train" else context.valid for _, rows in fits]
        predicted = [model.predict(rows) for (model, _), rows in zip(fits, tables, strict=True)]
        targets = map(context.target, tables)
        mean = statistics.fmean(map(_value, [metric] * len(fits), targets, predicted))
        points[part].append(mean if math.isfinite(mean) else None)
    return predicted


def _value(metric: Metric, y_true: Any, predicted: Predictions) -> float:
    return evaluate_metric(metric, y_true, predicted.y_pred, predicted.y_score)


def _gain(context: RunContext, full: Predictions, halves: list[Predictions]) -> Interval:
    """By how much all rows are better than half of them, with a 95 % interval.

    Its variance is that of valid's rows, by the bootstrap, and that of the halves of train.
    """
    metric, y_true = METRICS[context.config.metric], context.target(context.valid)
    options = {**bootstrap_options(context.config), "n_resamples": N_DRAWS, "level": 0.95}
    found = bootstrap_gain(metric, y_true, full, halves, **options)
    spread = float(np.std([_value(metric, y_true, half) for half in halves], ddof=1))
    if found["value"] is None or found["low"] is None or found["high"] is None:
        return found
    of_train = Z * spread * (1 / N_REPEATS + SHARED) ** 0.5
    width = math.hypot((found["high"] - found["low"]) / 2, of_train)
    return {"value": found["value"], "low": found["value"] - width, "high": found["value"] + width}


def _advice(context: RunContext, gain: Interval, limit: int, leaks: str) -> tuple[str, str]:
    """(verdict, sentence): needs-data, flat, or unknown where the rows cannot tell."""
    if leaks:
        return "unknown", f"no advice before this is settled: {leaks}"
    if gain["value"] is None or gain["low"] is None or gain["high"] is None:
        return "unknown", "the metric is not defined on fewer rows"
    text = f"the last doubling, to {limit} rows, improved valid by {interval_text(gain)}"
    record, name = context.run.record, context.config.metric
    beaten = record["baseline"]["metrics"][name] or 0.0
    way = abs(record["metrics"]["valid"][name]["value"] - beaten)
    if gain["low"] > 0 and limit == len(context.train):
        return "needs-data", f"{text}: more rows should help, by less each time"
    # Without any difference on these rows there is no size of chance.
    if gain["low"] < gain["high"] < SMALL * way:
        return "flat", f"{text}: twice the rows would gain less than {number_text(SMALL * way)}"
    return "unknown", f"{text}: these rows cannot tell whether more would help"


def _shuffled(rows: pl.DataFrame, config: Config, seed: int) -> pl.DataFrame:
    """Rows of train in a seeded order; groups together, and one row of each class first.

    New rows of a split by group are new groups.
    """
    by_group = config.data.split.by == "group" and config.data.split.column is not None
    first = rows.unique(subset=[config.data.target], keep="first", maintain_order=True)
    n_rows = len(rows) if by_group else min(len(rows), MAX_ROWS)
    rows = rows.sample(n_rows, shuffle=True, seed=config.seed + seed)
    if by_group:
        place = pl.int_range(pl.len()).min().over(config.data.split.column)
        rows = rows.sort(place, maintain_order=True)[:MAX_ROWS]
    if config.task == "regression":
        return rows
    return pl.concat([first, rows.filter(~pl.col(ROW).is_in(first[ROW].implode()))])
