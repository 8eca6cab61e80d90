"""The metric of fits on growing shares of train: would more rows, or another model, help?"""

import math
from typing import Any

import polars as pl

from ..configs.settings import Config
from ..dataloader.sources import ROW
from ..evaluation.intervals import Interval, bootstrap_pair
from ..evaluation.metrics import METRICS, evaluate_metric
from ..evaluation.text import interval_text, number_text
from ..model.predictor import fit
from .context import RunContext
from .train import bootstrap_options

SHARES = (0.1, 0.25, 0.5, 1.0)
# More rows cost time and hardly change the shape of the curve.
MAX_ROWS = 20_000
MIN_ROWS = 10
N_DRAWS = 100


def learning_curve(context: RunContext) -> dict[str, Any]:
    """n_rows; the metric on train and valid; the gain of the last doubling; verdict, sentence."""
    config, manifest = context.config, context.manifest
    metric, rows = METRICS[config.metric], _shuffled(context.train, config)
    limit = min(len(rows), MAX_ROWS)
    counts = sorted({min(limit, max(MIN_ROWS, round(share * limit))) for share in SHARES})
    points: dict[str, list[float | None]] = {"train": [], "valid": []}
    predictions = []
    for count in counts:
        model, few = context.model, rows[:count]
        if count < len(rows):
            model, _ = fit(config, config.model, few, manifest["features"], manifest["classes"])
        for part, some in (("train", few), ("valid", context.valid)):
            predicted, y_true = model.predict(some), context.target(some)
            value = evaluate_metric(metric, y_true, predicted.y_pred, predicted.y_score)
            points[part].append(value if math.isfinite(value) else None)
        predictions.append(predicted)
    options = {**bootstrap_options(config), "n_resamples": N_DRAWS}
    _, gain = bootstrap_pair(metric, y_true, predictions[-1], predictions[-2:][0], **options)
    sign = 1 if metric.greater_is_better else -1
    gap = sign * ((points["train"][-1] or 0) - (points["valid"][-1] or 0))
    verdict, sentence = _advice(context, gain, gap, sign)
    return {"n_rows": counts, **points, "gain": gain, "verdict": verdict, "sentence": sentence}


def _advice(context: RunContext, gain: Interval, gap: float, sign: int) -> tuple[str, str]:
    """(verdict, sentence). gain: of the last doubling. gap: by how much train is better."""
    if gain["value"] is None or gain["low"] is None:
        return "unknown", "the metric is not defined on fewer rows"
    last = f"the last doubling of rows improved valid by {interval_text(gain)}"
    if gain["low"] > 0:
        return "needs-data", f"{last}: more data should help"
    record, name = context.run.record, context.config.metric
    on_valid, baseline = record["metrics"]["valid"][name], record["baseline"]["metrics"][name]
    if baseline is not None and sign * (on_valid["value"] - baseline) <= 0:
        advice = "not clearly better than the baseline: richer features or another model"
        return "under-fitting", f"{last}; {advice}"
    # The width of the interval is the size of chance.
    if gap > (on_valid["high"] or 0) - (on_valid["low"] or 0):
        advice = f"train is {number_text(gap)} ahead: regularise, simplify or drop features"
        return "over-fitting", f"{last}; {advice}"
    return "flat", f"{last}: no clear effect of more rows"


def _shuffled(rows: pl.DataFrame, config: Config) -> pl.DataFrame:
    """Train in a seeded order that begins with one row of each class: no share lacks one."""
    rows = rows.sample(fraction=1.0, shuffle=True, seed=config.seed)
    if config.task == "regression":
        return rows
    first = rows.unique(subset=[config.data.target], keep="first", maintain_order=True)
    return pl.concat([first, rows.filter(~pl.col(ROW).is_in(first[ROW].implode()))])
