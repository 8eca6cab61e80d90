"""Follow one row through every step to its prediction."""

import argparse
from typing import Any

import numpy as np
import polars as pl

from ..executor.predict import prediction_table
from ..model.features import add_features
from ..model.predictor import Predictor
from ..model.preprocess import Preprocessor
from ..utils.errors import CheckFailed
from ..utils.logs import log
from .context import add_row, context_of, rows_of

Step = dict[str, Any]
add_arguments = add_row


def run(args: argparse.Namespace) -> None:
    """Print each step; nothing is written, as reports hold no row of the data.

    Raises CheckFailed where the last step is not what `predict` predicts.
    """
    context = context_of(args)
    raw, typed = rows_of(context, args)
    steps = trace(context.model, raw, typed)
    before: dict[str, str] = {}
    for step in steps:
        texts = {name: _text(value) for name, value in step["values"].items()}
        new = {name: text for name, text in texts.items() if before.get(name) != text}
        before |= new
        same = f"; {len(texts) - len(new)} as before" if len(new) < len(texts) else ""
        log("inspect", f"{step['step']}: {step['what']}{same}")
        for name, text in new.items():
            log("", f"    {name:<28}  {text}")
    predicted = prediction_table(context.model, typed)["prediction"][0]
    if steps[-1]["values"]["prediction"] != predicted:
        raise CheckFailed(f"trace: the steps end elsewhere than `predict`, at {predicted}")


def _text(value: Any) -> str:
    if value is None or value != value:
        return "(empty)"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def trace(model: Predictor, raw: pl.DataFrame, typed: pl.DataFrame) -> list[Step]:
    """Every step with the values that it makes; the last is the prediction.

    raw: the cells as they came. typed: the same row by conf/schema.yaml.
    """
    rows = typed[list(model.columns)]
    table, X = add_features(rows), model.matrix(rows)
    changed = {n: table[n][0] for n in table.columns if n not in rows or rows[n][0] != table[n][0]}
    return [
        _step("raw", "cells as they came", raw.row(0, named=True)),
        _step("typed", "by conf/schema.yaml", rows.row(0, named=True)),
        _step("add_features", "columns that are new or changed", changed),
        *_preprocessed(model.preprocessor, table),
        *_estimated(model, X),
    ]


def _step(name: str, what: str, values: dict[str, Any]) -> Step:
    return {"step": name, "what": what, "values": values}


def _preprocessed(fitted: Preprocessor, table: pl.DataFrame) -> list[Step]:
    """The same transformer with less and less of it switched off."""
    learnt, names = fitted.numbers_, fitted.feature_names_
    n_numbers = len(learnt["names"])
    plain = {"mean": [0.0] * n_numbers, "scale": [1.0] * n_numbers}
    stages = {
        "numbers": ("dates become numbers, gaps stay", plain | {"gaps": [True] * n_numbers}),
        "filled": ("gaps become what train's median was", plain),
        "scaled": ("minus train's mean, by its spread", {}),
    }
    steps = []
    for name, (what, switched_off) in stages.items():
        content = fitted.to_json() | {"numbers_": learnt | switched_off}
        values = Preprocessor.from_json(content).transform(table)[0]
        steps.append(_step(name, what, _named(names[:n_numbers], values[:n_numbers])))
    encoded = fitted.transform(table)[0, n_numbers:]
    what = "flags of gaps, and categories as codes" if fitted.native else "flags and categories"
    return [*steps, _step("encoded", what, _named(names[n_numbers:], encoded))]


def _named(names: list[str], values: Any) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _estimated(model: Predictor, X: Any) -> list[Step]:
    """The estimator's own answer, turned into the prediction without `Predictor.predict`."""
    estimator, kind = model.estimator, type(model.estimator).__name__
    if model.classes is None:
        number = float(estimator.predict(X)[0])
        steps = [_step("estimator", kind, {"value": number})]
        if model.target:
            number = float(model.target.back(np.array([number]))[0])
        return [*steps, _step("output", "in the target's unit", {"prediction": number})]
    codes, scores = estimator.classes_.astype(int), estimator.predict_proba(X)[0].tolist()
    found = {model.classes[code]: score for code, score in zip(codes, scores, strict=True)}
    prediction = max(found, key=lambda label: found[label])
    final = {"prediction": prediction}
    return [_step("estimator", kind, found), _step("output", "the most probable class", final)]
