"""Measure by time how fast a model loses quality: `staleness`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load, load_project
from ..configs.settings import Config
from ..dataloader.folds import Folds
from ..dataloader.manifest import hashes_of, read_part
from ..evaluation.intervals import interval_over_folds
from ..evaluation.metrics import METRICS
from ..evaluation.text import interval_text, metric_text
from ..executor.compare import fold_ratio, score_folds
from ..executor.prepare import ensure
from ..utils import runs
from ..utils.engines import engine
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.predictions import Array, moments
from .retrain import CONF, Retraining, Staleness

REPORT = Path("reports", "staleness.json")
Entry = dict[str, Any]


def run(args: argparse.Namespace) -> None:
    """Write reports/staleness.json; the test part stays closed."""
    root, config = args.root, load_project(args.root, args.overrides)
    settings, manifest = load(root, CONF, Retraining), ensure(config, root)
    rows = pl.concat([read_part(root, part) for part in ("train", "valid")])
    by_time = config.data.split.column if config.data.split.by == "time" else None
    column = time_column(rows, settings.staleness.column or by_time)
    rows = rows.drop_nulls(column)
    ages, step_days = folds_by_age(config, rows, column, settings.staleness)
    candidates = [(config, config.model, folds) for folds in ages]
    with engine(config.engine, root) as spread:
        found = score_folds(candidates, manifest, rows, spread)
    report = conclude(config, found, fold_ratio(ages[0]), step_days, settings.max_drop)
    report |= {"trees": runs.trees(root), "data": hashes_of(manifest), "column": column}
    write_json(root / REPORT, {"created": datetime.now(UTC).isoformat(), **report})
    log("staleness", f"{metric_text(config.metric)} by age of the model in days")
    for one in report["ages"]:
        log("", f"{one['days']:>6.0f}  {interval_text(one):<24}  lost {interval_text(one['loss'])}")
    text = f"too old after {report['retrain_every_days']:.0f} days"
    if report["days_until_below_floor"] is None:
        text = f"not too old within the horizon of {report['horizon_days']:.0f} days"
    log("", f"{text}; record {REPORT.as_posix()}")


def time_column(rows: pl.DataFrame, chosen: str | None) -> str:
    """The column of times; raises ValueError where there is none, or no choice is made."""
    dates = [name for name, dtype in rows.schema.items() if dtype.is_temporal()]
    name = chosen or (dates[0] if len(dates) == 1 else None)
    if name not in dates:
        known = ", ".join(dates) or "there is none"
        raise ValueError(f"{CONF}: staleness.column: age needs a column of dates ({known})")
    return name


def folds_by_age(
    config: Config, rows: pl.DataFrame, column: str, settings: Staleness
) -> tuple[list[Folds], float]:
    """(for each age the folds that score the same last periods, days of a period).

    The rows to fit on are a window of the same length that ends so many periods earlier: neither
    more data nor an easier month looks like age. data.split.gap is kept before each score.
    Source: Pendlebury and others (2019), TESSERACT, USENIX Security, for time-aware splits.
    """
    n_window, n_ages, n_scored = settings.n_window, settings.n_ages, settings.n_scored
    n_periods = n_window + n_ages - 1 + n_scored
    times = moments(rows[column])
    edges = np.linspace(times.min(), times.max(), n_periods + 1)
    period = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, n_periods - 1)

    def fold(place: int, age: int) -> tuple[Array, Array]:
        end = place - age
        early = times < edges[end] - config.data.split.gap
        inside = (period >= end - n_window) & (period < end)
        return np.flatnonzero(inside & early), np.flatnonzero(period == place)

    last = range(n_periods - n_scored, n_periods)
    ages = [[fold(place, age) for place in last] for age in range(n_ages)]
    y, least = rows[config.data.target].to_numpy(), 2 if config.task == "classification" else 1
    for fitted, scored in (one for folds in ages for one in folds):
        if len(set(y[fitted])) < least or not len(scored):
            text = f"too few rows in a period of {column}, or rows of one class"
            raise ValueError(f"{CONF}: staleness: {text}; choose fewer of them")
    return ages, float(edges[1] - edges[0])


def conclude(
    config: Config, found: list[Entry], ratio: float, step_days: float, max_drop: float
) -> Entry:
    """The content of reports/staleness.json, from the scores of each age (`score_folds`).

    A model is too old from the first age at which it misses evaluation.floor, or loses more than
    max_drop against a new one on the same rows and more than chance. days: the middle of an age.
    """
    scores = np.array([one["scores"] for one in found])
    if not np.isfinite(scores).all():
        raise ValueError(f"{CONF}: staleness: {config.metric} is not defined on each period")
    sign = 1 if METRICS[config.metric].greater_is_better else -1
    floor, ages, too_old = config.evaluation.floor, [], []
    for age, losses in enumerate(sign * (scores[0] - scores)):
        loss = interval_over_folds(losses, ratio, config.evaluation.level)
        below = floor is not None and sign * (scores[age].mean() - floor) < 0
        lost = losses.mean() > max_drop and (loss["low"] or 0) > 0
        too_old += [age] if below or lost else []
        ages.append({"days": (age + 0.5) * step_days, **found[age]["value"], "loss": loss})
    horizon = len(ages) * step_days
    return {
        "metric": config.metric,
        "step_days": step_days,
        "horizon_days": horizon,
        "ages": ages,
        "days_until_below_floor": ages[too_old[0]]["days"] if too_old else None,
        "retrain_every_days": max(1.0, too_old[0] * step_days if too_old else horizon),
    }
