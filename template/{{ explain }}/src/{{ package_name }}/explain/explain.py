"""Show what drives the predictions of a run: importance on valid, and single rows."""

import argparse
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.sources import ROW
from ..evaluation.metrics import evaluate_metric
from ..evaluation.text import metric_text
from ..executor.context import RunContext
from ..executor.predict import prediction_table
from ..utils import runs
from ..utils.logs import log
from .context import add_run, context_of, metric_of, row_errors, write
from .contributions import contributions, explainer_of

N_SHUFFLES, N_HALVES, MAX_ROWS = 10, 20, 5_000
N_ROWS, N_SHOWN = 10, 8
Z = 1.96  # of a 95 % interval


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run` and `--row`."""
    add_run(parser)
    parser.add_argument("--row", type=int, help="print this row of train or valid; write nothing")


def run(args: argparse.Namespace) -> None:
    """Write reports/explanations.json and .html, or print `--row`."""
    context = context_of(args)
    with runs.repeatable(context.config.seed):
        if args.row is not None:
            return _print_row(context, args.row)
        found, name = importance(context), metric_of(context)[0]
        worst = context.valid[np.argsort(-row_errors(context, context.valid), kind="stable")]
        places = [0, 1, 2, *np.linspace(0, len(worst) - 1, N_ROWS - 2).astype(int)]
        rows = explain_rows(context, worst[[int(place) for place in dict.fromkeys(places)]])
    log("explain", f"loss of {metric_text(name)} on valid when a column is shuffled")
    for one in found[:N_SHOWN]:
        ends = f"[{one['low']:.4f}, {one['high']:.4f}]"
        log("", f"{one['feature']:<24}  {one['importance']:.4f} {ends}")
    write(context, "explanations", {"metric": name, "global": found, "rows": rows})


def importance(context: RunContext) -> list[dict[str, Any]]:
    """Permutation importance of each raw column on valid, the largest first.

    spread: standard deviation over random halves of the rows, which differ as much as other rows
    of the same kind would. Each is the mean over all shuffles.
    Source: Breiman (2001), Random Forests; McCarthy (1969), Pseudo-Replication: Half Samples.
    """
    predictor, random = context.model, np.random.default_rng(context.config.seed)
    rows = context.valid[random.permutation(len(context.valid))[:MAX_ROWS]]
    n_rows, y_true = len(rows), context.target(rows)
    orders = [random.permutation(n_rows) for _ in range(N_SHUFFLES)]
    halves = [random.permutation(n_rows)[: (n_rows + 1) // 2] for _ in range(N_HALVES)]
    copies, found = n_rows * np.arange(N_SHUFFLES)[:, None], []

    def score(predicted: Any, picked: Any) -> float:
        taken, metric = predicted.take(picked), metric_of(context)[1]
        y = y_true[picked % n_rows]
        value = evaluate_metric(metric, y, taken.y_pred, taken.y_score)
        return value if metric.greater_is_better else -value

    plain = predictor.predict(rows)
    for name in predictor.columns:
        shuffled = [rows.with_columns(rows[name].gather(order)) for order in orders]
        predicted = predictor.predict(pl.concat(shuffled))
        value, *drops = [
            score(plain, some) - score(predicted, (copies + some).ravel())
            for some in (np.arange(n_rows), *halves)
        ]
        spread = float(np.nanstd(drops, ddof=1))
        ends = {"low": value - Z * spread, "high": value + Z * spread}
        found.append({"feature": name, "importance": value, "spread": spread, **ends})
    return sorted(found, key=lambda one: one["importance"], reverse=True)


def explain_rows(context: RunContext, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """For each row its prediction and its largest contributions, without the row's values."""
    unit = explainer_of(context.model, context.train).unit
    predicted = prediction_table(context.model, rows)["prediction"]
    entries = []
    for place, found in enumerate(contributions(context.model, context.train, rows)):
        largest = sorted(found.items(), key=lambda pair: -abs(pair[1]))
        entries.append(
            {
                "row": rows[ROW][place],
                "y_true": rows[context.config.data.target][place],
                "y_pred": predicted[place],
                "unit": unit,
                "contributions": [{"feature": n, "contribution": c} for n, c in largest[:N_SHOWN]],
                "others": sum(value for _, value in largest[N_SHOWN:]),
            }
        )
    return entries


def _print_row(context: RunContext, number: int) -> None:
    """On the screen alone: values of the data stay out of reports."""
    row = pl.concat([context.train, context.valid]).filter(pl.col(ROW) == number)
    if not len(row):
        raise ValueError(f"command line: --row {number}: neither train nor valid has that row")
    (found,) = explain_rows(context, row)
    log("explain", f"row {number}: predicted {found['y_pred']}, true {found['y_true']}")
    for one in found["contributions"]:
        value = row.to_dicts()[0].get(one["feature"], "(added feature)")
        log("", f"{one['contribution']:+10.3f}  {one['feature']:<24}  {value}")
    log("", f"{found['others']:+10.3f}  the others; in {found['unit']}")
