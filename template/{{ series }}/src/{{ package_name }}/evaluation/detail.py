"""What the report shows of forecasts: a back-test by horizon and origin, intervals, pictures."""

import math
from typing import Any

import numpy as np
import polars as pl

from ..configs.kind import HISTORY, HORIZON, ORIGIN
from ..configs.settings import Data
from ..utils.histories import matrix, newest, same_season
from ..utils.predictions import Array, Predictions

MAX_ORIGINS, MAX_ENTITIES, N_FORECASTS = 200, 6, 3
N_PAST = 4  # horizons of the past in a picture
N_DRAWS = 500
FORECASTS = ("model", "seasonal", "last")


def detail(
    context: Any, test: pl.DataFrame, predicted: Predictions, worst: pl.DataFrame
) -> dict[str, Any]:
    """`backtest`: each forecast of test from each of its origins, beside two naive ones.

    `shown`: the pictures, for the page alone.

    context: the run. test: typed examples. The model was fitted once, before valid; only the
    histories move on. mase: the mean absolute error, as a multiple of that of a seasonal naive
    forecast one season ahead in train. Source: Hyndman and Koehler (2006), Another look at
    measures of forecast accuracy, International Journal of Forecasting 22.
    """
    data, target = context.config.data, context.config.data.target
    scales = _scales(context.train, data)
    on_valid = context.model.predict(context.valid).y_pred
    rows = _scored(test, predicted.y_pred, scales, data)
    widths, reason = _widths(_scored(context.valid, on_valid, scales, data), data)
    rows = rows.with_columns(_half_width(rows, widths))
    within = (pl.col("prediction") - pl.col(target)).abs() <= pl.col("_half")
    rows = rows.with_columns(within.alias("_within"))
    errors = {name: pl.col(f"{name}_error") / pl.col("_scale") for name in FORECASTS}
    means = [error.mean().alias(name) for name, error in errors.items()]
    whole = rows.select(means).row(0, named=True)
    by_horizon = rows.group_by(HORIZON).agg(
        pl.len().alias("n_rows"),
        *means,
        mae=pl.col("model_error").mean(),
        coverage=pl.col("_within").mean(),
        half_width=pl.col("_half").mean(),
    )
    by_origin = rows.group_by(ORIGIN).agg(pl.len().alias("n_rows"), *means).sort(ORIGIN)
    return {
        "backtest": {
            "mase": whole,
            "gain": _gain(rows, data, context.config.seed),
            "horizons": by_horizon.sort(HORIZON).to_dicts(),
            "origins": _plain(by_origin[:: max(1, len(by_origin) // MAX_ORIGINS)]),
            "n_origins": len(by_origin),
            "level": data.interval,
            "coverage": rows["_within"].mean(),
            "no_interval": reason,
        },
        "shown": {"pictures": [*_pictures(context, rows, data)]},
    }


def _scored(
    table: pl.DataFrame, y_pred: Array, scales: dict[str, float], data: Data
) -> pl.DataFrame:
    """The examples with the absolute errors of FORECASTS, and the scale of their entity."""
    past, ahead = matrix(table[HISTORY]), table[HORIZON].cast(pl.Float64).to_numpy()
    seasonal = same_season(past, ahead, data.season)[0]
    truth = table[data.target].cast(pl.Float64).to_numpy()
    found = zip(FORECASTS, (y_pred, seasonal, newest(past)), strict=True)
    errors = [pl.Series(f"{name}_error", np.abs(one - truth)) for name, one in found]
    names = _entities(table, data)
    scale = names.replace_strict(scales, default=scales[""], return_dtype=pl.Float64)
    rows = table[[data.time, ORIGIN, HORIZON, data.target]].with_columns(errors)
    return rows.with_columns(names, scale.alias("_scale"), prediction=pl.Series(y_pred))


def _scales(train: pl.DataFrame, data: Data) -> dict[str, float]:
    """Entity -> mean absolute difference from a season before; "" -> their median."""
    rows = train.with_columns(_entities(train, data)).sort(HORIZON)
    rows = rows.unique(["_entity", data.time], keep="first")
    past, ahead = matrix(rows[HISTORY]), rows[HORIZON].cast(pl.Float64).to_numpy()
    error = np.abs(same_season(past, ahead, data.season)[0] - rows[data.target].to_numpy())
    means = rows.with_columns(error=error).group_by("_entity").agg(pl.col("error").mean())
    scales = {name: value or 1.0 for name, value in means.iter_rows()}
    return {"": float(np.median([*scales.values()])), **scales}


def _entities(table: pl.DataFrame, data: Data) -> pl.Series:
    """The name of each example's series; empty where there is one."""
    if data.entity is None:
        return pl.repeat("", len(table), eager=True).alias("_entity")
    return table[data.entity].cast(pl.String).fill_null("").alias("_entity")


def _widths(rows: pl.DataFrame, data: Data) -> tuple[dict[int, float], str]:
    """(horizon -> half the width of an interval, in scales; why there is none). rows: of valid.

    Split conformal: of n errors on valid the ceil((n + 1) * level)-th. It promises the level only
    where errors on valid and later ones are exchangeable, which a trend or a longer way from train
    breaks. Source: Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World.
    """
    needed = math.ceil(data.interval / (1 - data.interval) - 1e-9)
    widths: dict[int, float] = {}
    for (horizon,), some in rows.group_by(HORIZON):
        n_origins = some[ORIGIN].n_unique()
        if n_origins < needed:
            text = f"an interval of {data.interval:.0%} needs {needed} origins in valid for each "
            return {}, text + f"horizon, and horizon {horizon:g} has {n_origins}"
        errors = np.sort((some["model_error"] / some["_scale"]).to_numpy())
        place = min(math.ceil((len(errors) + 1) * data.interval), len(errors))
        widths[int(horizon)] = float(errors[place - 1])
    return widths, ""


def _half_width(rows: pl.DataFrame, widths: dict[int, float]) -> pl.Series:
    ahead = rows[HORIZON].cast(pl.Int64)
    found = ahead.replace_strict(widths, default=None, return_dtype=pl.Float64)
    return (found * rows["_scale"]).alias("_half")


def _gain(rows: pl.DataFrame, data: Data, seed: int) -> dict[str, float]:
    """By how much the MASE is below that of seasonal naive, with its 95 % interval.

    Whole blocks of times are drawn, each as long as the horizon: errors of one time, and of times
    near to it, are alike. Source: Künsch (1989), The jackknife and the bootstrap for general
    stationary observations, Annals of Statistics 17.
    """
    gain = (pl.col("seasonal_error") - pl.col("model_error")) / pl.col("_scale")
    times = rows.group_by(data.time).agg(gain.sum().alias("sum"), pl.len().alias("n"))
    times = times.sort(data.time)
    total, n_rows = times["sum"].to_numpy(), times["n"].to_numpy()
    length = min(data.horizon, len(times))
    n_blocks = math.ceil(len(times) / length)
    starts = np.random.default_rng(seed).integers(0, len(times) - length + 1, (N_DRAWS, n_blocks))
    places = (starts[:, :, None] + np.arange(length)).reshape(N_DRAWS, -1)
    draws = total[places].sum(axis=1) / n_rows[places].sum(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"value": float(total.sum() / n_rows.sum()), "low": float(low), "high": float(high)}


def _pictures(context: Any, rows: pl.DataFrame, data: Data) -> Any:
    """For some entities the values of test and the last forecasts, with their intervals."""
    for name in rows["_entity"].unique().sort().to_list()[:MAX_ENTITIES]:
        own = rows.filter(pl.col("_entity") == name)
        truth = own.unique(data.time, keep="first").sort(data.time)
        counts = own.group_by(ORIGIN).len()
        full = counts.filter(pl.col("len") == pl.col("len").max())[ORIGIN].sort()
        chosen = full.reverse().gather_every(data.horizon)[:N_FORECASTS].to_list()
        forecasts = []
        for origin in sorted(chosen):
            one = own.filter(pl.col(ORIGIN) == origin).sort(data.time)
            half = one["_half"].fill_null(0.0)
            ends = {"low": one["prediction"] - half, "high": one["prediction"] + half}
            lines = {key: values.to_list() for key, values in ends.items()}
            x, y = one[data.time].cast(pl.String).to_list(), one["prediction"].to_list()
            forecasts.append({"origin": str(origin), "x": x, "y": y, **lines})
        recent = truth.tail((N_FORECASTS + N_PAST) * data.horizon)
        x = recent[data.time].cast(pl.String).to_list()
        actual = {"x": x, "y": recent[data.target].to_list()}
        yield {"entity": name or data.target, "actual": actual, "forecasts": forecasts}


def _plain(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON; a time as text."""
    return table.with_columns(pl.col(ORIGIN).cast(pl.String)).to_dicts()
