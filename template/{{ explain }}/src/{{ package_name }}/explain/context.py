"""What the commands of this component share: the error of a row, and a report with its page."""

import argparse
from typing import Any

import numpy as np
import polars as pl

from ..evaluation.metrics import METRICS, Metric
from ..evaluation.report import render
from ..executor.context import RunContext, load_context
from ..model.predictor import Array
from ..utils.files import write_json, write_text
from ..utils.logs import log


def add_run(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to explain, a folder in logs/ (default: newest)")


def context_of(args: argparse.Namespace) -> RunContext:
    """The run of `--run`, or the newest; raises ValueError if it is of other data."""
    return load_context(args.root, args.overrides, args.run)


def metric_of(context: RunContext) -> tuple[str, Metric]:
    """For classes the Brier score, which small changes move; for numbers the run's own."""
    is_class = context.config.task == "classification" and "brier" in METRICS
    name = "brier" if is_class else context.config.metric
    return name, METRICS[name]


def row_errors(context: RunContext, rows: pl.DataFrame) -> Array:
    """1 - the probability of the true class, or the absolute error; shape (n_rows,)."""
    y_true, predicted = context.target(rows), context.model.predict(rows)
    if predicted.y_score is None:
        return np.asarray(np.abs(predicted.y_pred - y_true))
    return np.asarray(1 - predicted.y_score[np.arange(len(rows)), y_true])


def write(context: RunContext, name: str, report: dict[str, Any]) -> None:
    """Write reports/<name>.json, and reports/<name>.html from explain/pages/<name>.html."""
    content = context.header("valid", len(context.valid)) | report
    path = context.root / "reports" / name
    write_json(path.with_suffix(".json"), content)
    page = render(f"explain/pages/{name}.html", report=content)
    write_text(path.with_suffix(".html"), page)
    log("", f"report    reports/{name}.html      record  reports/{name}.json")
