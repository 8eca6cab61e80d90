"""Fit the model without each feature, and compare it with the whole model on valid."""

import argparse
from collections.abc import Sequence
from typing import Annotated

import polars as pl
from pydantic import Field

from ..configs.load import load
from ..configs.settings import Section
from ..evaluation.intervals import bootstrap_pair
from ..evaluation.text import metric_text
from ..executor.context import RunContext
from ..executor.train import bootstrap_options
from ..model.predictor import fit
from ..utils import runs
from ..utils.logs import log
from ..utils.names import check_name
from .context import add_run, context_of, metric_of, write
from .explain import Z, importance

PATH = "conf/features.yaml"
Interval = dict[str, float]
add_arguments = add_run


class Features(Section):
    """groups: features left out together. keep_because: feature -> why it stays regardless."""

    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    keep_because: dict[str, str] = Field(default_factory=dict)
    max_refits: Annotated[int, Field(ge=2)]


def run(args: argparse.Namespace) -> None:
    """Write reports/importance.json and .html: a verdict for each feature."""
    context, features = context_of(args), load(args.root, PATH, Features)
    for name in [*features.keep_because, *(n for group in features.groups.values() for n in group)]:
        check_name(name, context.model.columns, PATH)
    with runs.repeatable(context.config.seed):
        ranked = importance(context)
        units = _units([one["feature"] for one in ranked], features)
        log("ablate", f"loss of {metric_text(metric_of(context)[0])} on valid without a feature")
        costs = {unit: _cost(context, unit, names) for unit, names in units.items()}
        dropped = _droppable(context, units, costs)
    for one in ranked:
        name = one["name"] = one.pop("feature")
        unit = next(unit for unit, names in units.items() if name in names)
        reason = features.keep_because.get(name)
        verdict = "keep" if name not in dropped else "keep-because" if reason else "drop"
        one |= {"left_out": {"unit": unit, **costs[unit]}, "verdict": verdict, "reason": reason}
    if idle := [one["name"] for one in ranked if one["verdict"] == "drop"]:
        log("", f"{len(idle)} of {len(ranked)} features can go: name them in data.ignore of")
        log("", f"conf/default.yaml, or a reason in keep_because of {PATH}: [{', '.join(idle)}]")
    write(context, "importance", {"metric": metric_of(context)[0], "features": ranked})


def _units(ranked: Sequence[str], features: Features) -> dict[str, list[str]]:
    """What is left out at once, the strongest first; the last one holds all that are too many."""
    group_of = {name: group for group, names in features.groups.items() for name in names}
    units: dict[str, list[str]] = {}
    for name in ranked:
        unit = group_of.get(name, name)
        if unit not in units and len(units) >= features.max_refits - 1:
            unit = "all weaker ones"
        units.setdefault(unit, []).append(name)
    return units


def _cost(context: RunContext, shown: str, names: Sequence[str]) -> Interval:
    """By how much the whole model is better than one that never sees these columns; paired.

    Each holds its middle value in every row: add_features may read it, so it must not be missing.
    """
    ordered = [context.train[name].drop_nulls().sort() for name in names]
    middle = [pl.lit(cells.slice(len(cells) // 2, 1)).first() for cells in ordered]
    train, valid = (part.with_columns(middle) for part in (context.train, context.valid))
    whole, config = context.model, context.config
    fewer, _ = fit(config, config.model, train, whole.columns, whole.classes)
    predicted = whole.predict(context.valid), fewer.predict(valid)
    options, metric = bootstrap_options(config), metric_of(context)[1]
    _, cost = bootstrap_pair(metric, context.target(valid), *predicted, **options)
    found = {end: float(cost[end] or 0) for end in ("value", "low", "high")}
    log("", f"{shown:<24}  {found['value']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}]")
    return found


def _droppable(
    context: RunContext, units: dict[str, list[str]], costs: dict[str, Interval]
) -> list[str]:
    """Features that the model can do without, all at once.

    Two that carry the same information look idle one by one, and one must stay. So they are left
    out together: as many of the weakest as cost at most one standard error, found by bisection.
    Source: Breiman and others (1984), Classification and Regression Trees, for that limit.
    """
    idle = [unit for unit in reversed(units) if costs[unit]["low"] <= 0]
    idle = idle[: len(units) - 1]  # a model needs one feature
    low, high = 0, len(idle)
    tried = high
    while low < high:
        names = [name for unit in idle[:tried] for name in units[unit]]
        cost = costs[idle[0]]
        if tried > 1:
            cost = _cost(context, f"{len(names)} together", names)
        is_cheap = cost["value"] <= (cost["high"] - cost["low"]) / (2 * Z)
        low, high = (tried, high) if is_cheap else (low, tried - 1)
        tried = (low + high + 1) // 2
    return [name for unit in idle[:low] for name in units[unit]]
