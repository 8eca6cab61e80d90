"""Show what drives the predictions of a run: importance on valid, and single rows."""

import argparse
from typing import Any

import numpy as np
import polars as pl
from sklearn.inspection import permutation_importance

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
    model, seed, metric = context.model, context.config.seed, metric_of(context)[1]
    rows = context.valid.sample(fraction=1, shuffle=True, seed=seed)[:MAX_ROWS]
    n_rows, sign, random = len(rows), 2 * metric.greater_is_better - 1, np.random.default_rng(seed)
    halves = [random.permutation(n_rows)[: (n_rows + 1) // 2] for _ in range(N_HALVES)]

    def score(_: Any, places: Any, y_true: Any) -> dict[str, float]:
        pairs = zip(model.columns, places.T, strict=True)
        predicted = model.predict(pl.DataFrame([rows[name].gather(place) for name, place in pairs]))
        found = {}
        for number, part in enumerate([np.arange(n_rows), *halves]):
            value = evaluate_metric(metric, y_true[part], predicted.take(part))
            found[str(number)] = sign * value
        return found

    # scikit-learn shuffles a matrix: of row numbers, so that columns of any type are shuffled.
    places, y_true = np.tile(np.arange(n_rows)[:, None], len(model.columns)), context.target(rows)
    options = {"scoring": score, "n_repeats": N_SHUFFLES, "random_state": seed}
    found = permutation_importance(model.estimator, places, y_true, **options)
    drops = np.array([one.importances_mean for one in found.values()])
    value, spread = drops[0], np.nanstd(drops[1:], axis=0, ddof=1)
    content = {"feature": list(model.columns), "importance": value, "spread": spread}
    ends = {"low": value - Z * spread, "high": value + Z * spread}
    return pl.DataFrame(content | ends).sort("importance", descending=True).to_dicts()


def explain_rows(context: RunContext, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """For each row its prediction and its largest contributions, without the row's values."""
    unit = explainer_of(context.model, context.train).unit
    y_true, y_pred = rows[context.config.data.target], prediction_table(context.model, rows)
    entries = []
    for place, found in enumerate(contributions(context.model, context.train, rows)):
        names = {"row": rows[ROW][place], "y_true": y_true[place], "unit": unit}
        names["y_pred"] = y_pred["prediction"][place]
        largest = sorted(found.items(), key=lambda pair: -abs(pair[1]))
        shown = [{"feature": name, "contribution": value} for name, value in largest[:N_SHOWN]]
        others = sum(value for _, value in largest[N_SHOWN:])
        entries.append({**names, "contributions": shown, "others": others})
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
