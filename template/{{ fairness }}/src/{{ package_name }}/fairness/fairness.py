"""Compare the model's errors between groups on valid, and name features that give groups away."""

import argparse
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field

from ..configs.load import load
from ..configs.settings import Config, Section
from ..evaluation.report import render
from ..evaluation.text import interval_text, metric_text
from ..executor.context import RunContext, load_context
from ..model.predictor import Array, Predictor
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json, write_text
from ..utils.logs import log
from ..utils.names import check_name
from .groups import UNKNOWN, compare, members, proxies

PATH = "conf/fairness.yaml"
MIN_TRAIN, MIN_POSITIVE = 100, 20  # below, a group is reported as small; the checklist asks for it
# Name -> (y_true, y_pred) -> (which rows count, each row's part of the rate).
RATES: dict[str, dict[str, Callable[[Array, Array], tuple[Array, Array]]]] = {
    "classification": {  # of booleans: whether the class is, or is predicted as, the positive one
        "true_positive_rate": lambda true, pred: (true, pred),
        "false_positive_rate": lambda true, pred: (~true, pred),
        "selection_rate": lambda true, pred: (np.ones_like(true), pred),
        "precision": lambda true, pred: (pred, true),
        "accuracy": lambda true, pred: (np.ones_like(true), true == pred),
    },
    "regression": {
        "mae": lambda true, pred: (np.isfinite(true), np.abs(pred - true)),
        "bias": lambda true, pred: (np.isfinite(true), pred - true),
    },
}


class Fairness(Section):
    """Whose errors are compared, in which rate, and how far it may differ."""

    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    metric: str
    max_gap: Annotated[float, Field(ge=0)]
    positive: str | None = None
    max_auc: Annotated[float, Field(ge=0.5, le=1)]
    kept_because: dict[str, str] = Field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to look at, a folder in logs/ (default: newest)")


def run(args: argparse.Namespace) -> None:
    """Write reports/fairness.json and .html; raises CheckFailed beyond max_gap."""
    context = load_context(args.root, args.overrides, args.run)
    settings = load(args.root, PATH, Fairness)
    _check(settings, context.config, context.model, context.train)
    with runs.repeatable(context.config.seed):
        found = fairness(settings, context)
    report = context.header("valid", len(context.valid)) | found
    write_json(args.root / "reports" / "fairness.json", report)
    page = render("fairness/fairness.html", report=report)
    write_text(args.root / "reports" / "fairness.html", page)
    _print_summary(report)
    if report["gap"] is None:
        raise CheckFailed("fairness: no two groups have enough rows of valid to be compared")
    if report["gap"]["value"] > settings.max_gap:
        text = f"fairness: {settings.metric} differs by {report['gap']['value']:.3f}"
        raise CheckFailed(f"{text}, more than max_gap {settings.max_gap:g} of {PATH}")


def fairness(settings: Fairness, context: RunContext) -> dict[str, Any]:
    """groups, the widest gap and that of each column, proxies and n_unexplained_proxies."""
    config, predictor, train, valid = context.config, context.model, context.train, context.valid
    level, y_true = config.evaluation.level, context.target(valid)
    y_pred, positive = predictor.predict(valid).y_pred, settings.positive
    is_positive = np.ones(len(valid), dtype=bool)
    if predictor.classes is not None:
        positive = positive or predictor.classes[-1]
        code = predictor.classes.index(positive)
        y_pred, y_true = y_pred == code, y_true == code
        is_positive = y_true
    counted, values = RATES[config.task][settings.metric](y_true, y_pred)
    entries, gaps, found = [], [], []
    for column in settings.columns:
        both = members(pl.concat([train[column], valid[column]]))
        in_train, in_valid = both[: len(train)], both[len(train) :]
        rates, gap = compare(values[counted].astype(float), in_valid[counted], level, config.seed)
        for name in np.unique(both).tolist():
            n_train = int((in_train == name).sum())
            n_positive = int(is_positive[in_valid == name].sum())
            counts = {"column": column, "group": name, "n_train": n_train, "n_positive": n_positive}
            small = n_train < MIN_TRAIN or n_positive < MIN_POSITIVE
            entries.append({**counts, "small": small, **rates.get(name, UNKNOWN)})
        gaps += [{"column": column, **gap}] if gap else []
        found += proxies(train, predictor.columns, column, in_train)
    strong = {one["feature"] for one in found if one["auc"] > settings.max_auc}
    return {
        **settings.model_dump(mode="json"),
        "positive": positive,
        "groups": entries,
        "gap": max(gaps, key=lambda one: float(one["value"])) if gaps else None,
        "gaps": gaps,
        "proxies": sorted(found, key=lambda one: -float(one["auc"])),
        "n_unexplained_proxies": len(strong - set(settings.kept_because)),
    }


def _check(settings: Fairness, config: Config, predictor: Predictor, train: pl.DataFrame) -> None:
    """Raise ValueError where conf/fairness.yaml names what there is not."""
    check_name(settings.metric, RATES[config.task], f"{PATH}: metric ({config.task})")
    for name in settings.columns:
        check_name(name, train.columns, f"{PATH}: columns")
    for name in settings.kept_because:
        check_name(name, predictor.columns, f"{PATH}: kept_because")
    if predictor.classes and (settings.positive or len(predictor.classes) > 2):
        check_name(str(settings.positive), predictor.classes, f"{PATH}: positive")


def _print_summary(report: dict[str, Any]) -> None:
    log("fairness", f"{metric_text(report['metric'])} by group on valid")
    for one in report["groups"]:
        value = "too few rows" if one["value"] is None else interval_text(one)
        small = ", a small group" if one["small"] else ""
        name = f"{one['column']} {one['group']}"
        log("", f"{name:<24}  {value:<22}  {one['n_rows']} rows{small}")
    for one in report["gaps"]:
        pair = f"{one['lowest']} and {one['highest']}"
        log("", f"gap       {one['column']}: {interval_text(one)} between {pair}")
    for one in report["proxies"]:
        if one["auc"] > report["max_auc"]:
            why = report["kept_because"].get(one["feature"], "no reason in kept_because")
            log("", f"proxy     {one['feature']} predicts {one['attribute']}: {why}")
    log("", "report    reports/fairness.html      record  reports/fairness.json")
