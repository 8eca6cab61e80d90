"""How much each feature matters: the metric where its cells are shuffled."""

import math

import polars as pl

from ..evaluation.metrics import METRICS, evaluate_metric
from ..utils.suspects import sample
from .context import RunContext

MAX_ROWS, MAX_COLUMNS = 1_000, 100


def importances(context: RunContext) -> dict[str, float]:
    """Feature -> by how much the metric gets worse, in its unit, where its cells are shuffled.

    On at most MAX_ROWS rows of valid, for at most MAX_COLUMNS features, with one shuffle each.
    Source: Breiman (2001), Random Forests, Machine Learning 45, section 10.
    """
    config = context.config
    rows = sample(context.valid, MAX_ROWS, config.seed)
    whole, found = _value(context, rows), {}
    sign = 1 if METRICS[config.metric].greater_is_better else -1
    for name in context.manifest["features"][:MAX_COLUMNS]:
        cells = rows[name].sample(fraction=1.0, shuffle=True, seed=config.seed)
        lost = sign * (whole - _value(context, rows.with_columns(cells)))
        if math.isfinite(lost):
            found[name] = lost
    return found


def _value(context: RunContext, rows: pl.DataFrame) -> float:
    predicted, metric = context.model.predict(rows), METRICS[context.config.metric]
    y_true = context.target(rows)
    return evaluate_metric(metric, y_true, predicted.y_pred, predicted.y_score)
