"""Score the newest run on the test part, and write reports/."""

import argparse
import math
from typing import Any

import polars as pl

from ..dataloader import manifest as manifests
from ..dataloader.sources import ROW
from ..evaluation import errors
from ..evaluation.intervals import bootstrap_pair
from ..evaluation.metrics import METRICS
from ..evaluation.report import fill_model_card, write_report
from ..evaluation.show import show
from ..evaluation.slices import score_slices
from ..evaluation.text import interval_text, metric_text, number_text
from ..model import store
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.predictions import Array, Predictions
from ..utils.suspects import sample
from .context import RunContext, load_context
from .learning_curve import learning_curve
from .look import caution, print_suspects, too_good
from .train import bootstrap_options, score_values

REPORT, EVALUATION, REPORTS = "report.html", "evaluation.json", "reports"
MAX_ROWS, MAX_COLUMNS = 1_000, 100  # behind the importance of columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to evaluate, a folder in logs/ (default: newest)")


def run(args: argparse.Namespace) -> None:
    """Evaluate one run; raises CheckFailed where it misses evaluation.floor."""
    context = load_context(args.root, args.overrides, args.run)
    folder, record = context.run.folder, context.run.record
    with runs.repeatable(context.config.seed):
        evaluation = evaluate(context)
    # Only the page has examples: it is not committed, as reports/ is.
    shown = evaluation.pop("shown")
    write_json(folder / EVALUATION, evaluation)
    for name, content in ((runs.RECORD, record), (EVALUATION, evaluation)):
        write_json(args.root / REPORTS / name, content)
    write_report(args.root, folder / REPORT, evaluation, record, shown)
    fill_model_card(args.root, evaluation)
    _print_summary(evaluation)
    path = (folder / REPORT).relative_to(args.root).as_posix()
    log("", f"report    {path}      record  {REPORTS}/{EVALUATION}")
    _check_floor(context.config.evaluation.floor, evaluation)


def evaluate(context: RunContext) -> dict[str, Any]:
    """The content of reports/evaluation.json; the one place that reads the test part.

    shown: what the page alone shows of the examples.
    """
    config, record = context.config, context.run.record
    test = manifests.read_part(context.root, "test", for_evaluation=True)
    y_true, predicted = context.target(test), context.model.predict(test)
    baseline = store.load_baseline(context.run.folder).predict(test)
    metrics, metric = score_values(config, y_true, predicted), METRICS[config.metric]
    metrics[config.metric], advantage = bootstrap_pair(
        metric, y_true, predicted, baseline, **bootstrap_options(config)
    )
    known, beaten = context.manifest["suspects"], score_values(config, y_true, baseline)
    values = (metrics[config.metric]["value"], beaten[config.metric]["value"])
    found = _errors(context, test, y_true, predicted)
    worst = test.filter(pl.col(ROW).is_in([one["row"] for one in found["worst_errors"]]))
    return {
        **context.header("test", len(test)),
        "task": config.task,
        "metric": config.metric,
        "higher_is_better": metric.greater_is_better,
        "level": config.evaluation.level,
        "metrics": metrics,
        "undefined_metrics": [key for key, one in metrics.items() if one["value"] is None],
        "baseline": {"name": record["baseline"]["name"], "metrics": beaten},
        "beats_baseline": advantage,
        "suspects": known + too_good(config, *values, len(test), known),
        **found,
        "shown": show(config.data, context.model, context.train, worst),
        "train": {key: one["value"] for key, one in record["metrics"]["train"].items()},
        "valid": record["metrics"]["valid"],
        "importances": importances(context),
        "learning_curve": learning_curve(context),
    }


def _errors(
    context: RunContext, test: pl.DataFrame, y_true: Array, predicted: Predictions
) -> dict[str, Any]:
    """How the predictions for test are wrong, and on which rows."""
    config, classes, numbers = context.config, context.model.classes, test[ROW].to_numpy()
    y_pred, y_score, columns = predicted.y_pred, predicted.y_score, _slice_columns(context, test)
    metric, options = METRICS[config.metric], bootstrap_options(config)
    found: dict[str, Any] = {
        "calibration": errors.calibration(y_true, y_pred, y_score, config.evaluation.n_bins),
        "slices": score_slices(config.metric, metric, columns, y_true, predicted, **options),
        "worst_errors": errors.worst_errors(y_true, y_pred, y_score, numbers, classes),
    }
    if classes is None:
        return found | {"residuals": errors.residuals(y_true, y_pred)}
    return found | {"confusion": errors.confusion(y_true, y_pred, classes)}


def importances(context: RunContext) -> dict[str, float]:
    """Feature -> by how much the metric gets worse, in its unit, where its cells are shuffled.

    On at most MAX_ROWS rows of valid, for at most MAX_COLUMNS features, with one shuffle each.
    Source: Breiman (2001), Random Forests, Machine Learning 45, section 10.
    """
    seed, found = context.config.seed, {}
    rows = sample(context.valid, MAX_ROWS, seed)
    whole = context.value(rows, context.model.predict(rows))
    sign = 1 if METRICS[context.config.metric].greater_is_better else -1
    for name in context.manifest["features"][:MAX_COLUMNS]:
        cells = rows[name].sample(fraction=1.0, shuffle=True, seed=seed)
        predicted = context.model.predict(rows.with_columns(cells))
        found[name] = sign * (whole - context.value(rows, predicted))
    return {name: lost for name, lost in found.items() if math.isfinite(lost)}


def _slice_columns(context: RunContext, test: pl.DataFrame) -> list[pl.Series]:
    """The columns of evaluation.slices; none named: every category and boolean feature."""
    chosen = list(context.config.evaluation.slices)
    for name in chosen:
        check_name(name, test.columns, "conf/default.yaml: evaluation.slices")
    columns = context.schema.columns.items()
    return [test[n] for n in chosen or [n for n, c in columns if c.type in ("category", "boolean")]]


def _print_summary(evaluation: dict[str, Any]) -> None:
    metric, baseline = evaluation["metric"], evaluation["baseline"]
    beaten = number_text(baseline["metrics"][metric]["value"])
    value = interval_text(evaluation["metrics"][metric])
    text = f"{metric_text(metric)} {value} on test, baseline {beaten} ({baseline['name']})"
    log("evaluate", text + caution(evaluation["suspects"]))
    print_suspects(evaluation["suspects"], ("leak",))
    for name in evaluation["undefined_metrics"]:
        log("", f"{metric_text(name)} is not defined on these rows")
    log("", f"learning curve: {evaluation['learning_curve']['sentence']}")


def _check_floor(floor: float | None, evaluation: dict[str, Any]) -> None:
    """Raise CheckFailed where all rows together miss evaluation.floor."""
    value = evaluation["metrics"][evaluation["metric"]]["value"]
    sign = 1 if evaluation["higher_is_better"] else -1
    if floor is not None and sign * (value - floor) < 0:
        shown = f"{metric_text(evaluation['metric'])} {number_text(value)} on test"
        raise CheckFailed(f"{shown} misses evaluation.floor {floor:g} of conf/default.yaml")
