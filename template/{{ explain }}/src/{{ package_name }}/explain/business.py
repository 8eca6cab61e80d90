"""Compute what the predictions on valid are worth, and which threshold is worth most."""

import argparse
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from ..configs.load import load
from ..configs.settings import Section
from ..executor.context import RunContext
from ..model.predictor import Array
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.logs import log
from ..utils.names import check_name
from .context import add_run, context_of, write

PATH = "conf/business.yaml"
N_FOLDS, N_CUTS, N_DRAWS = 5, 201, 1_000
Cost = Annotated[float, Field(ge=0)]
Label = Annotated[str, BeforeValidator(str)]  # YAML reads the class 0 as a number
Values = Callable[[Array, Array], Array]
add_arguments = add_run


class Act(Section):
    """at: a prediction from here on leads to an act. needless, missed: costs of a wrong one."""

    at: float
    needless: Cost
    missed: Cost


class Business(Section):
    """What predictions are worth, in `unit`; see conf/business.yaml."""

    unit: str = "units"
    source: str | None = None
    value: dict[Label, dict[Label, float]] | None = None
    over: Cost = 0
    under: Cost = 0
    act: Act | None = None


def run(args: argparse.Namespace) -> None:
    """Write reports/business.json and .html; raises CheckFailed where a constant is worth more."""
    business, context = load(args.root, PATH, Business), context_of(args)
    with runs.repeatable(context.config.seed):
        found = evaluate(context, business)
    for name, one in found.items():
        interval = f"{one['value']:.4g} [{one['low']:.4g}, {one['high']:.4g}] {business.unit} a row"
        log("business", f"{name:<10}{interval}, {one['rule']}")
    write(context, "business", {**business.model_dump(mode="json"), "results": found})
    if found["gain"]["high"] < 0:
        raise CheckFailed("business: a constant prediction is worth more than the model's")


def evaluate(context: RunContext, business: Business) -> dict[str, dict[str, Any]]:
    """What a row of valid is worth, with its interval: by the model, by the best constant, gain.

    The constant is chosen on train. Of two classes also by the best threshold.
    """
    classes, valid = context.model.classes, context.valid
    values = values_of(business, classes)
    y_true, predicted = context.target(valid), context.model.predict(valid)
    y_train = context.target(context.train)
    choices = np.quantile(y_train, np.linspace(0, 1, 101))
    if classes is not None:
        choices = np.arange(len(classes))
    best = max(choices, key=lambda one: values(y_train, np.full(len(y_train), one)).mean())
    model, constant = values(y_true, predicted.y_pred), values(y_true, np.full(len(y_true), best))
    shown = f"{best:.4g}" if classes is None else classes[best]
    found = {
        "model": _mean(model, "as it predicts"),
        "constant": _mean(constant, f"predicting {shown} always"),
        "gain": _mean(model - constant, "model minus constant"),
    }
    if classes is not None and len(classes) == 2:
        assert predicted.y_score is not None
        cut, worth = best_threshold(values, y_true, predicted.y_score[:, 1])
        found["threshold"] = _mean(worth, f"predicting {classes[1]} from probability {cut:.3f}")
        found["threshold"]["best"] = cut
    return found


def values_of(business: Business, classes: Sequence[str] | None) -> Values:
    """(y_true, y_pred) -> the value of each row; raises ValueError where none is configured."""
    if classes is None:
        if not (business.over or business.under or business.act):
            raise ValueError(f"{PATH}: over and under are 0; what does one unit of error cost?")
        return lambda y_true, y_pred: -_cost(business, y_true, y_pred)
    if not business.value:
        example = f"{{{classes[0]}: {{{classes[-1]}: -5}}}}, true class first"
        raise ValueError(f"{PATH}: value is null; what does an error cost? for example {example}")
    for label in [*business.value, *(n for row in business.value.values() for n in row)]:
        check_name(label, classes, f"{PATH}: value")
    table = [[business.value.get(true, {}).get(one, 0.0) for one in classes] for true in classes]
    return lambda y_true, y_pred: np.array(table)[y_true, y_pred.astype(int)]


def _cost(business: Business, y_true: Array, y_pred: Array) -> Array:
    error = y_pred - y_true
    cost = np.where(error > 0, business.over * error, -business.under * error)
    if business.act:
        acts, should = y_pred >= business.act.at, y_true >= business.act.at
        cost += business.act.needless * (acts & ~should) + business.act.missed * (~acts & should)
    return cost


def best_threshold(values: Values, y_true: Array, score: Array) -> tuple[float, Array]:
    """The threshold that is worth most on these rows, and what each row is worth.

    score: shape (n_rows,). Each row is valued by a threshold chosen on the other folds: one that
    saw the row would flatter itself.
    """

    def chosen(rows: Array) -> float:
        cuts = np.append(np.quantile(score[rows], np.linspace(0, 1, N_CUTS)), 1.0)
        return float(max(cuts, key=lambda cut: values(y_true[rows], score[rows] >= cut).sum()))

    fold, worth = np.random.permutation(len(score)) % N_FOLDS, np.empty(len(score))
    for number in range(N_FOLDS):
        inside = fold == number
        worth[inside] = values(y_true[inside], score[inside] >= chosen(~inside))
    return chosen(np.ones(len(score), dtype=bool)), worth


def _mean(values: Array, rule: str) -> dict[str, Any]:
    draws = np.random.choice(values, (N_DRAWS, min(len(values), 10_000))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"value": float(values.mean()), "low": float(low), "high": float(high), "rule": rule}
