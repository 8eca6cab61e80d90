"""What the report shows of forecasts: a back-test by horizon and origin, intervals, pictures."""

import math
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from ..configs.kind import HORIZON, ORIGIN
from ..configs.settings import Data
from ..model.forecasters import Naive
from ..model.preprocess import LAST, SAME
from ..utils.predictions import Predictions

MAX_ORIGINS, MAX_ENTITIES, N_FORECASTS = 200, 6, 3
N_PAST = 4  # horizons of the past in a picture
N_DRAWS = 500
ERRORS = ("model", "seasonal", "last")


def detail(
    context: Any, test: pl.DataFrame, predicted: Predictions, worst: pl.DataFrame
) -> dict[str, Any]:
    """`backtest`: each forecast of test from each of its origins, beside two naive ones.

    `shown`: the pictures, for the page alone.

    context: the run. test: typed examples. The model was fitted once, before valid; only the
    histories move on. Errors are scaled as in the metric mase.
    """
    data, model = context.config.data, context.model
    rows = _scored(test, predicted, model.matrix(test), data)
    means = pl.col(ERRORS).mean()
    by_origin = rows.group_by(ORIGIN).agg(means).sort(ORIGIN)
    by_horizon = rows.group_by(HORIZON).agg(
        pl.len().alias("n_rows"),
        means,
        mae=pl.col("_error").mean(),
        coverage=pl.col("_within").mean(),
        half_width=pl.col("_half").mean(),
    )
    origins = by_origin[:: max(1, len(by_origin) // MAX_ORIGINS)]
    return {
        "backtest": {
            "mase": rows.select(means).row(0, named=True),
            "gain": _gain(rows, data, context.config.seed),
            "horizons": by_horizon.sort(HORIZON).to_dicts(),
            "origins": origins.cast({ORIGIN: pl.String}).to_dicts(),
            "n_origins": len(by_origin),
            "level": data.interval,
            "coverage": rows["_within"].mean(),
            "no_interval": model.preprocessor.no_interval_,
        },
        "shown": {"pictures": [*islice(_pictures(rows, data), MAX_ENTITIES)]},
    }


def _scored(test: pl.DataFrame, predicted: Predictions, X: Any, data: Data) -> pl.DataFrame:
    """The examples with their prediction, half of its interval, and the scaled ERRORS."""
    truth = test[data.target].cast(pl.Float64).to_numpy()
    entity = pl.lit(data.target) if data.entity is None else pl.col(data.entity).cast(pl.String)
    found = (predicted.y_pred, Naive(SAME).predict(X), Naive(LAST).predict(X))
    errors = [np.abs(one - truth) for one in found]
    rows = test.select(data.time, ORIGIN, HORIZON, data.target, entity.alias("_entity"))
    rows = rows.with_columns(
        pl.Series("prediction", predicted.y_pred),
        pl.Series("_half", predicted.half_width).fill_nan(None),
        pl.Series("_error", errors[0]),
        *(pl.Series(n, one / predicted.scale) for n, one in zip(ERRORS, errors, strict=True)),
    )
    return rows.with_columns((pl.col("_error") <= pl.col("_half")).alias("_within"))


def _gain(rows: pl.DataFrame, data: Data, seed: int) -> dict[str, float]:
    """By how much the MASE is below that of seasonal naive, with its 95 % interval.

    Whole blocks of times are drawn, each as long as the horizon: errors of one time, and of times
    near to it, are alike. Source: Künsch (1989), The jackknife and the bootstrap for general
    stationary observations, Annals of Statistics 17.
    """
    gain = (pl.col("seasonal") - pl.col("model")).sum()
    times = rows.group_by(data.time).agg(gain.alias("sum"), pl.len().alias("n")).sort(data.time)
    total, n_rows = times["sum"].to_numpy(), times["n"].to_numpy()
    length = min(data.horizon, len(times))
    shape = N_DRAWS, math.ceil(len(times) / length), 1
    starts = np.random.default_rng(seed).integers(0, len(times) - length + 1, shape)
    places = (starts + np.arange(length)).reshape(N_DRAWS, -1)
    draws = total[places].sum(axis=1) / n_rows[places].sum(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"value": float(total.sum() / n_rows.sum()), "low": float(low), "high": float(high)}


def _pictures(rows: pl.DataFrame, data: Data) -> Any:
    """For some entities the values of test and the last forecasts, with their intervals."""
    half = pl.col("_half").fill_null(0.0)
    ends = {"low": pl.col("prediction") - half, "high": pl.col("prediction") + half}
    x = pl.col(data.time).cast(pl.String)
    rows = rows.sort("_entity", data.time).with_columns(x=x, y=pl.col("prediction"), **ends)
    for (name,), own in rows.group_by("_entity", maintain_order=True):
        full = own.filter(pl.len().over(ORIGIN) == pl.len().over(ORIGIN).max())[ORIGIN]
        chosen = full.unique().sort(descending=True).gather_every(data.horizon)[:N_FORECASTS]
        lines = [own.filter(pl.col(ORIGIN) == one)["x", "y", "low", "high"] for one in chosen]
        recent = own.unique("x", maintain_order=True).tail((N_FORECASTS + N_PAST) * data.horizon)
        actual = {"x": recent["x"].to_list(), "y": recent[data.target].to_list()}
        forecasts = [one.to_dict(as_series=False) for one in lines]
        yield {"entity": name, "actual": actual, "forecasts": forecasts}
