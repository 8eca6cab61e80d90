"""The metric of fits on growing shares of train: would more rows help?"""

import math
import statistics
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Config
from ..dataloader.sources import ROW
from ..evaluation.intervals import Interval, bootstrap_pair
from ..evaluation.metrics import METRICS
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


def learning_curve(context: RunContext) -> dict[str, Any]:
    """n_rows; the metric on train and valid; the gain of the last doubling; verdict, sentence.

    Each share is drawn N_REPEATS times; the metric is the mean of their fits. n_valid: rows of
    valid that they are scored on.
    """
    context = replace(context, valid=sample(context.valid, MAX_ROWS, context.config.seed))
    limit = min(len(context.train), MAX_ROWS)
    counts = [max(MIN_ROWS, round(share * limit)) for share in SHARES]
    orders = [_shuffled(context.train, context.config, seed) for seed in range(N_REPEATS)]
    points = [[_scored(context, rows[:count]) for rows in orders] for count in counts]
    whole = context.model if limit == len(context.train) else None
    points.append([_scored(context, orders[0][:limit], whole)])
    gain = _gain(context, points[-1][0][1], [predicted for _, predicted in points[-2]])
    verdict, sentence = _advice(context, gain, limit)
    return {
        "n_rows": [*counts, limit],
        "n_valid": len(context.valid),
        "train": [_mean([value for value, _ in fits]) for fits in points],
        "valid": [_mean([context.value(context.valid, p) for _, p in fits]) for fits in points],
        "gain": gain,
        "verdict": verdict,
        "sentence": sentence,
    }


def _scored(
    context: RunContext, rows: pl.DataFrame, model: Predictor | None = None
) -> tuple[float, Predictions]:
    """(the metric on `rows`, what is predicted for valid) of a model, or one fitted on `rows`."""
    if model is None:
        config, manifest = context.config, context.manifest
        model, _ = fit(config, config.model, rows, manifest["features"], manifest["classes"])
    return context.value(rows, model.predict(rows)), model.predict(context.valid)


def _mean(values: list[float]) -> float | None:
    """None where the metric is not defined."""
    mean = statistics.fmean(values)
    return mean if math.isfinite(mean) else None


def _gain(context: RunContext, full: Predictions, halves: list[Predictions]) -> Interval:
    """By how much all rows are better than half of them, with a 95 % interval.

    Its variance is that of valid's rows, by the bootstrap, and that of the halves of train.
    """
    metric, y_true = METRICS[context.config.metric], context.target(context.valid)
    options = {**bootstrap_options(context.config), "n_resamples": N_DRAWS, "level": 0.95}
    _, found = bootstrap_pair(metric, y_true, full, *halves, **options)
    value, low, high = found["value"], found["low"], found["high"]
    if value is None or low is None or high is None:
        return {"value": None, "low": None, "high": None}
    spread = float(np.std([context.value(context.valid, half) for half in halves], ddof=1))
    width = math.hypot((high - low) / 2, Z * spread * (1 / N_REPEATS + SHARED) ** 0.5)
    return {"value": value, "low": value - width, "high": value + width}


def _advice(context: RunContext, gain: Interval, limit: int) -> tuple[str, str]:
    """(verdict, sentence): needs-data, flat, or unknown where the rows cannot tell."""
    if leaks := untrue(context.manifest["suspects"]):
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
