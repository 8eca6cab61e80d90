"""Score the newest run on the test part, and write reports/."""

import argparse
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.settings import Config
from ..dataloader import manifest as manifests
from ..dataloader.sources import ROW
from ..evaluation import errors, learning_curve
from ..evaluation.intervals import bootstrap_pair
from ..evaluation.metrics import METRICS, Metric, evaluate_metric
from ..evaluation.report import fill_model_card, write_report
from ..evaluation.slices import score_slices
from ..evaluation.text import interval_text, metric_text, number_text
from ..model.predictor import fit
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.predictions import Predictions
from .context import RunContext, load_context
from .look import caution, print_suspects, too_good
from .train import bootstrap_options, score_values

REPORT, EVALUATION, REPORTS = "report.html", "evaluation.json", "reports"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to evaluate, a folder in logs/ (default: newest)")


def run(args: argparse.Namespace) -> None:
    """Evaluate one run; raises CheckFailed where it misses evaluation.floor."""
    context = load_context(args.root, args.overrides, args.run)
    folder, record = context.run.folder, context.run.record
    with runs.repeatable(context.config.seed):
        evaluation = evaluate(context)
    write_json(folder / EVALUATION, evaluation)
    for name, content in ((runs.RECORD, record), (EVALUATION, evaluation)):
        write_json(args.root / REPORTS / name, content)
    write_report(args.root, folder / REPORT, evaluation, record)
    fill_model_card(args.root, evaluation)
    _print_summary(evaluation, folder.relative_to(args.root))
    if problem := _below_floor(context.config, evaluation):
        raise CheckFailed(problem)


def evaluate(context: RunContext) -> dict[str, Any]:
    """The content of reports/evaluation.json; the one place that reads the test part."""
    config, record = context.config, context.run.record
    test = manifests.read_part(context.root, "test", for_evaluation=True)
    name = record["baseline"]["name"]
    features, classes = context.manifest["features"], context.manifest["classes"]
    baseline, _ = fit(config, name, context.train, features, classes)
    predicted, y_true = baseline.predict(test), context.target(test)
    return {
        **context.header("test", len(test)),
        "task": config.task,
        "metric": config.metric,
        "higher_is_better": METRICS[config.metric].greater_is_better,
        "level": config.evaluation.level,
        "baseline": {"name": name, "metrics": score_values(config, y_true, predicted)},
        **_with_suspects(context, _score_test(context, predicted, test), predicted, y_true),
        "train": {name: one["value"] for name, one in record["metrics"]["train"].items()},
        "valid": record["metrics"]["valid"],
        "learning_curve": _learning_curve(context),
    }


def _with_suspects(
    context: RunContext, scored: dict[str, Any], baseline: Predictions, y_true: Any
) -> dict[str, Any]:
    """The scores with `suspects`: those about the data, and a metric too good to be true."""
    config, known = context.config, context.manifest.get("suspects", [])
    beaten = score_values(config, y_true, baseline)[config.metric]["value"]
    value = scored["metrics"][config.metric]["value"]
    return scored | {"suspects": [*known, *too_good(config, value, beaten, len(y_true), known)]}


def _score_test(context: RunContext, baseline: Predictions, test: pl.DataFrame) -> dict[str, Any]:
    """Metrics, the difference to the baseline, and where the errors are."""
    config, classes = context.config, context.model.classes
    y_true, predicted = context.target(test), context.model.predict(test)
    y_pred, y_score = predicted.y_pred, predicted.y_score
    metric, options = METRICS[config.metric], bootstrap_options(config)
    columns, numbers = _slice_columns(context, test), test[ROW].to_numpy()
    metrics = score_values(config, y_true, predicted)
    metrics[config.metric], advantage = bootstrap_pair(
        metric, y_true, predicted, baseline, **options
    )
    found = {
        "metrics": metrics,
        "undefined_metrics": [name for name, one in metrics.items() if one["value"] is None],
        "beats_baseline": advantage,
        "calibration": errors.calibration(y_true, y_pred, y_score, config.evaluation.n_bins),
        "slices": score_slices(config.metric, metric, columns, y_true, predicted, **options),
        "worst_errors": errors.worst_errors(y_true, y_pred, y_score, numbers, classes),
    }
    if classes is None:
        return found | {"residuals": errors.residuals(y_true, y_pred)}
    return found | {"confusion": errors.confusion(y_true, y_pred, classes)}


def _slice_columns(context: RunContext, test: pl.DataFrame) -> list[pl.Series]:
    """The columns of evaluation.slices; none named: every category and boolean feature."""
    chosen = list(context.config.evaluation.slices)
    for name in chosen:
        check_name(name, test.columns, "conf/default.yaml: evaluation.slices")
    columns = context.schema.columns.items()
    return [test[n] for n in chosen or [n for n, c in columns if c.type in ("category", "boolean")]]


def _learning_curve(context: RunContext) -> dict[str, Any]:
    """The metric on train and valid of fits on growing shares of train, and what it shows."""
    config, valid, metric = context.config, context.valid, METRICS[context.config.metric]
    features, classes = context.manifest["features"], context.manifest["classes"]
    rows = _shuffled(context.train, config)
    counts = learning_curve.sizes(len(rows))
    y_valid = context.target(valid)
    points: dict[str, list[Any]] = {"n_rows": counts, "train": [], "valid": []}
    predictions = []
    for count in counts:
        few, fitted = rows[:count], context.model
        if count < len(rows):
            fitted, _ = fit(config, config.model, few, features, classes)
        predictions.append(fitted.predict(valid))
        points["valid"].append(_value(metric, y_valid, predictions[-1]))
        points["train"].append(_value(metric, context.target(few), fitted.predict(few)))
    options = {**bootstrap_options(config), "n_resamples": learning_curve.N_DRAWS}
    half = predictions[max(0, len(counts) - 2)]
    _, gain = bootstrap_pair(metric, y_valid, predictions[-1], half, **options)
    record, sign = context.run.record, 1 if metric.greater_is_better else -1
    on_valid, baseline = (
        record["metrics"]["valid"][config.metric],
        record["baseline"]["metrics"][config.metric],
    )
    gap = sign * ((points["train"][-1] or 0) - (points["valid"][-1] or 0))
    width = (on_valid["high"] or 0) - (on_valid["low"] or 0)
    beats = baseline is None or sign * (on_valid["value"] - baseline) > 0
    return {**points, "gain": gain, **learning_curve.summarize(gain, gap, width, beats)}


def _value(metric: Metric, y_true: Any, predicted: Predictions) -> float | None:
    value = evaluate_metric(metric, y_true, predicted.y_pred, predicted.y_score)
    return value if value == value else None


def _shuffled(rows: pl.DataFrame, config: Config) -> pl.DataFrame:
    """Train in a seeded order that begins with one row of each class: no share lacks one."""
    rows = rows.sample(fraction=1.0, shuffle=True, seed=config.seed)
    if config.task == "regression":
        return rows
    first = rows.unique(subset=[config.data.target], keep="first", maintain_order=True)
    return pl.concat([first, rows.filter(~pl.col(ROW).is_in(first[ROW].implode()))])


def _print_summary(evaluation: dict[str, Any], folder: Path) -> None:
    metric, baseline = evaluation["metric"], evaluation["baseline"]
    beaten = number_text(baseline["metrics"][metric]["value"])
    value = interval_text(evaluation["metrics"][metric])
    text = f"{metric_text(metric)} {value} on test, baseline {beaten} ({baseline['name']})"
    log("evaluate", text + caution(evaluation["suspects"]))
    print_suspects(evaluation["suspects"], ("leak",))
    for name in evaluation["undefined_metrics"]:
        log("", f"{metric_text(name)} is not defined on these rows")
    log("", f"learning curve: {evaluation['learning_curve']['sentence']}")
    log("", f"report    {folder.as_posix()}/{REPORT}      record  {REPORTS}/{EVALUATION}")


def _below_floor(config: Config, evaluation: dict[str, Any]) -> str | None:
    """The sentence that all rows together miss evaluation.floor, if they do."""
    floor, metric = config.evaluation.floor, evaluation["metric"]
    value = evaluation["metrics"][metric]["value"]
    sign = 1 if evaluation["higher_is_better"] else -1
    if floor is None or sign * (value - floor) >= 0:
        return None
    shown = f"{metric_text(metric)} {number_text(value)} on test"
    return f"{shown} misses evaluation.floor {floor:g} of conf/default.yaml"
