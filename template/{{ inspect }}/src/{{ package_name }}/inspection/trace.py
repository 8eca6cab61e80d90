"""Follow one row through every step to its prediction."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.sources import ROW, join_others, load, number_rows, read_others
from ..executor.context import RunContext, load_context
from ..executor.predict import prediction_table
from ..model.features import add_features
from ..model.predictor import Predictor
from ..model.preprocess import Matrix, Preprocessor
from ..utils.errors import CheckFailed
from ..utils.files import read_json
from ..utils.logs import log

Steps = dict[str, dict[str, Any]]  # name -> the values after it


def add_run(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to inspect, a folder in logs/ (default: newest)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`, and `--row` or `--file`."""
    add_run(parser)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--row", type=int, help="a row of train or valid, by its number")
    chosen.add_argument("--file", type=Path, help="a JSON object: column -> value")


def run(args: argparse.Namespace) -> None:
    """Print what each step changes; nothing is written, as reports hold no row of the data.

    Raises CheckFailed where the last step is not what `predict` predicts.
    """
    context = load_context(args.root, args.overrides, args.run)
    raw, typed = rows_of(context, args.row, args.file)
    steps, before = trace(context.model, raw, typed), dict[str, Any]()
    for step, values in steps.items():
        log("inspect", step)
        for name, value in values.items():
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            if before.get(name) != shown:
                log("", f"    {name:<28}  {shown}")
            before[name] = shown
    predicted = prediction_table(context.model, typed)["prediction"][0]
    if steps["prediction"]["prediction"] != predicted:
        raise CheckFailed(f"trace: the steps end elsewhere than `predict`, at {predicted}")


def rows_of(
    context: RunContext, number: int | None, path: Path | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(cells as they came, the same row typed), one row each; of the file where it is named.

    Raises ValueError where there is no such row, or it breaks a rule of conf/schema.yaml.
    """
    data, root = context.config.data, context.root
    if path is not None:
        content = read_json(path)
        if not isinstance(content, dict):
            raise ValueError(f"{path}: must hold one object, column: value")
        raw = number_rows(pl.DataFrame([content], strict=False))
        raw = join_others(raw, read_others(data, root))
    elif any((part[ROW] == number).any() for part in (context.train, context.valid)):
        original = root / context.manifest["files"][0]["file"]
        raw = load(data, root, original).filter(pl.col(ROW) == number)
    else:
        raise ValueError(f"command line: --row {number}: neither train nor valid has that row")
    typed, _ = context.schema.validate_rows(raw, str(path or data.file))
    return raw.select(list(context.schema.columns)), typed


def trace(model: Predictor, raw: pl.DataFrame, typed: pl.DataFrame) -> Steps:
    """The values after each step, of which each works on the result of the one before.

    raw: the cells as they came, (1, n_columns). typed: the same row by conf/schema.yaml.
    """
    rows, fitted = typed[list(model.columns)], model.preprocessor
    table, n_numbers = add_features(rows), len(fitted.numbers_["names"])
    unscaled = {"mean": [0.0] * n_numbers, "scale": [1.0] * n_numbers}
    matrices = {
        "encoded": _transform(fitted, table, {**unscaled, "gaps": [True] * n_numbers}),
        "filled": _transform(fitted, table, unscaled),
        "scaled": _transform(fitted, table, {}),
    }
    names = fitted.feature_names_
    tables = {"raw": raw, "typed": rows, "add_features": table}
    first = {step: one.row(0, named=True) for step, one in tables.items()}
    named = {step: dict(zip(names, X[0].tolist(), strict=True)) for step, X in matrices.items()}
    return first | named | _predict(model, matrices["scaled"])


def _transform(fitted: Preprocessor, table: pl.DataFrame, changed: dict[str, Any]) -> Matrix:
    """The matrix of a transformer that has learnt something else about numbers."""
    content = fitted.to_json() | {"numbers_": fitted.numbers_ | changed}
    return Preprocessor.from_json(content).transform(table)


def _predict(model: Predictor, X: Matrix) -> Steps:
    """The last two steps, without `Predictor.predict`: one checks the other."""
    if model.classes is None:
        value = np.asarray(model.estimator.predict(X), dtype=np.float64)
        back = model.target.back(value) if model.target else value
        return {"estimator": {"value": value[0]}, "prediction": {"prediction": back[0]}}
    labels = [model.classes[int(code)] for code in model.estimator.classes_]
    shares = model.estimator.predict_proba(X)[0].tolist()
    prediction = labels[shares.index(max(shares))]
    found = dict(zip(labels, shares, strict=True))
    return {"estimator": found, "prediction": {"prediction": prediction}}
