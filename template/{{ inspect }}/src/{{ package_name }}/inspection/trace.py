"""Follow one row through every step to its prediction; reports hold no row, so it is printed."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.sources import ROW, load
from ..executor import evaluate
from ..executor.context import RunContext, load_context
from ..executor.predict import prediction_table
from ..model.features import add_features
from ..model.predictor import Predictor
from ..model.preprocess import Preprocessor
from ..utils.errors import CheckFailed
from ..utils.logs import log

Steps = dict[str, dict[str, Any]]  # name -> the values after it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`, `--row` and `--file`."""
    evaluate.add_arguments(parser)
    parser.add_argument("--row", type=int, required=True, help="its number, from 1, in the file")
    parser.add_argument("--file", type=Path, help="CSV or Parquet (default: train and valid)")


def run(args: argparse.Namespace) -> None:
    """Print what each step changes; raises CheckFailed where they end elsewhere than `predict`."""
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


def rows_of(context: RunContext, number: int, path: Path | None) -> tuple[pl.DataFrame, ...]:
    """One row: (cells as they came, typed). Raises ValueError where it is not there, or invalid."""
    data, known = context.config.data, [*context.train[ROW], *context.valid[ROW]]
    raw = load(data, context.root, path or context.root / context.manifest["files"][0]["file"])
    raw = raw.filter(pl.col(ROW) == number)
    if not len(raw) or (path is None and number not in known):  # test stays closed
        raise ValueError(f"command line: --row {number}: not in {path or 'train or valid'}")
    typed, _ = context.schema.validate_rows(raw, str(path or data.file))
    return raw.select(list(context.schema.columns)), typed


def trace(model: Predictor, raw: pl.DataFrame, typed: pl.DataFrame) -> Steps:
    """The values after each step. raw: one row's cells as they came; typed: by conf/schema.yaml."""
    rows, fitted, classes = typed[list(model.columns)], model.preprocessor, model.classes
    table, n_numbers = add_features(rows), len(fitted.numbers_["names"])
    tables = {"raw": raw, "typed": rows, "add_features": table}
    steps = {step: one.row(0, named=True) for step, one in tables.items()}
    plain = {"mean": [0.0] * n_numbers, "scale": [1.0] * n_numbers}
    # The matrix of transformers that have learnt less about numbers, then of the model's own.
    less: Steps = {"encoded": {**plain, "gaps": [True] * n_numbers}, "filled": plain, "scaled": {}}
    for step, learnt in less.items():
        content = fitted.to_json() | {"numbers_": fitted.numbers_ | learnt}
        X = Preprocessor.from_json(content).transform(table)
        steps[step] = dict(zip(fitted.feature_names_, X[0].tolist(), strict=True))
    names = [classes[int(code)] for code in model.estimator.classes_] if classes else ["value"]
    output = model.estimator.predict_proba(X) if classes else model.estimator.predict(X)
    steps["estimator"] = dict(zip(names, np.ravel(output).tolist(), strict=True))
    found = model.predict_matrix(X).y_pred[0]
    return steps | {"prediction": {"prediction": classes[found] if classes else found}}
