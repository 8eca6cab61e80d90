"""Measure by time how fast a model loses quality: `staleness`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import hashes_of, read_part
from ..evaluation.intervals import bootstrap_pair
from ..evaluation.metrics import METRICS
from ..evaluation.text import interval_text, metric_text
from ..executor.prepare import ensure
from ..executor.train import bootstrap_options
from ..model.predictor import encode_target, fit
from ..utils import runs
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.predictions import Array, Predictions, moments
from ..utils.provenance import git_state
from .settings import PATH, Staleness, load_retraining

REPORT = Path("reports", "staleness.json")


def run(args: argparse.Namespace) -> None:
    """Write reports/staleness.json; the test part stays closed."""
    root, config = args.root, load_project(args.root, args.overrides)
    settings, manifest = load_retraining(root), ensure(config, root)
    rows = pl.concat([read_part(root, part) for part in ("train", "valid")])
    column = time_column(config, rows, settings.staleness.column)
    with runs.repeatable(config.seed):
        found = measure(config, manifest, rows, column, settings.staleness)
    report = conclude(config, found, settings.max_drop)
    origin = {"trees": runs.trees(root), "data": hashes_of(manifest), "git": git_state(root)}
    created = datetime.now(UTC).isoformat()
    write_json(root / REPORT, {"created": created, "column": column, **report, **origin})
    _print(report)


def time_column(config: Config, rows: pl.DataFrame, chosen: str | None) -> str:
    """The column of times; raises ValueError where there is none, or no choice is made."""
    split = config.data.split
    by_time = split.column if split.by == "time" else None
    dates = [name for name, dtype in rows.schema.items() if dtype.is_temporal()]
    name = chosen or by_time or (dates[0] if len(dates) == 1 else None)
    where = f"{PATH}: staleness.column"
    if name is None:
        known = ", ".join(dates) or "there is no column of dates, and data.split.by is not time"
        raise ValueError(f"{where}: age needs a column of times ({known})")
    if name not in rows.columns or not rows[name].dtype.is_temporal():
        raise ValueError(f"{where}: '{name}' holds no dates")
    return name


def measure(
    config: Config, manifest: dict[str, Any], rows: pl.DataFrame, column: str, settings: Staleness
) -> dict[str, Any]:
    """Per age the predictions for the same last periods, by models fitted so much earlier.

    Every model gets a window of the same length, and every age the same rows to score, so that
    neither more data nor an easier month looks like age. data.split.gap is kept before each score.
    Source: Pendlebury and others (2019), TESSERACT, USENIX Security, for time-aware splits.
    """
    n_window = settings.n_periods - settings.n_ages + 1 - settings.n_scored
    if n_window < 1:
        raise ValueError(f"{PATH}: staleness.n_periods must be at least n_ages + n_scored")
    rows = rows.drop_nulls(column)
    times, classes, n = moments(rows[column]), manifest["classes"], settings.n_periods
    edges = np.linspace(times.min(), times.max(), n + 1)
    period = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, n - 1)
    models = {}
    for end in range(n_window, n):
        late = times >= edges[end] - config.data.split.gap
        fitted = rows.filter(pl.Series((period >= end - n_window) & (period < end) & ~late))
        _check(fitted, config, column, end)
        models[end], _ = fit(config, config.model, fitted, manifest["features"], classes)
    places = [place for place in range(n - settings.n_scored, n) if (period == place).any()]
    scored = [rows.filter(pl.Series(period == place)) for place in places]
    predicted = []
    for age in range(settings.n_ages):
        pairs = zip(places, scored, strict=True)
        predicted.append(_joined([models[place - age].predict(part) for place, part in pairs]))
    y_true = encode_target(pl.concat(scored)[config.data.target], classes)
    return {"y_true": y_true, "predicted": predicted, "step_days": float(edges[1] - edges[0])}


def _check(fitted: pl.DataFrame, config: Config, column: str, end: int) -> None:
    n_values = fitted[config.data.target].n_unique()
    if not n_values or (config.task == "classification" and n_values < 2):
        raise ValueError(
            f"{PATH}: staleness: {len(fitted)} rows of {n_values} target values before period "
            f"{end} of {column}; choose fewer n_periods"
        )


def _joined(parts: list[Predictions]) -> Predictions:
    scores = [one.y_score for one in parts if one.y_score is not None]
    y_pred: Array = np.concatenate([one.y_pred for one in parts])
    return Predictions(y_pred, np.concatenate(scores) if scores else None)


def conclude(config: Config, found: dict[str, Any], max_drop: float) -> dict[str, Any]:
    """The content of reports/staleness.json.

    A model is too old from the first age at which it misses evaluation.floor, or loses more than
    max_drop against a new one on the same rows and more than chance. days: the middle of an age.
    """
    metric, options = METRICS[config.metric], bootstrap_options(config)
    fresh, step, floor = found["predicted"][0], found["step_days"], config.evaluation.floor
    sign, ages, too_old = (1 if metric.greater_is_better else -1), [], None
    for age, one in enumerate(found["predicted"]):
        value, gain = bootstrap_pair(metric, found["y_true"], one, fresh, **options)
        if value["value"] is None:
            raise ValueError(f"{PATH}: staleness: {config.metric} is not defined on these periods")
        below = floor is not None and sign * (value["value"] - floor) < 0
        lost = age > 0 and -(gain["value"] or 0) > max_drop and (gain["high"] or 0) < 0
        too_old = age if too_old is None and (below or lost) else too_old
        ages.append({"days": (age + 0.5) * step, **value, "loss": _negative(gain)})
    horizon = len(ages) * step
    return {
        "metric": config.metric,
        "n_rows": len(found["y_true"]),
        "step_days": step,
        "horizon_days": horizon,
        "max_drop": max_drop,
        "floor": floor,
        "ages": ages,
        "days_until_below_floor": None if too_old is None else ages[too_old]["days"],
        "retrain_every_days": max(1.0, horizon if too_old is None else too_old * step),
    }


def _negative(gain: dict[str, float | None]) -> dict[str, float]:
    value, low, high = (0.0 - (gain[name] or 0.0) for name in ("value", "high", "low"))
    return {"value": value, "low": low, "high": high}


def _print(report: dict[str, Any]) -> None:
    name, n_rows = metric_text(report["metric"]), report["n_rows"]
    log("staleness", f"{name} on {n_rows} rows, by age of the model in days")
    for one in report["ages"]:
        lost = f"lost {interval_text(one['loss'])}" if one is not report["ages"][0] else "new"
        log("", f"{one['days']:>6.0f}  {interval_text(one):<24}  {lost}")
    text = f"too old after {report['retrain_every_days']:.0f} days"
    if report["days_until_below_floor"] is None:
        text = f"not too old within the horizon of {report['horizon_days']:.0f} days"
    log("", f"{text}; record {REPORT.as_posix()}")
