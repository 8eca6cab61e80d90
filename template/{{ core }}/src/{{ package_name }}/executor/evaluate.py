"""Score the newest run on the test part, and write reports/."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader import manifest as manifests
from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..evaluation import errors, learning_curve
from ..evaluation.intervals import bootstrap_pair
from ..evaluation.metrics import METRICS, evaluate_metric
from ..evaluation.report import fill_model_card, write_report
from ..evaluation.slices import score_slices
from ..evaluation.text import interval_text, metric_text, number_text
from ..model import store
from ..model.predictor import Predictor, encode_target, fit
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.provenance import git_state
from .train import bootstrap_options, score_values

REPORT, EVALUATION, REPORTS = "report.html", "evaluation.json", "reports"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to evaluate, a folder in logs/ (default: newest)")


def run(args: argparse.Namespace) -> None:
    """Evaluate one run; raises CheckFailed where it misses evaluation.floor."""
    config = load_project(args.root, args.overrides)
    chosen = runs.find(args.root, args.run)
    with runs.repeatable(config.seed):
        evaluation = evaluate(config, args.root, chosen)
    write_json(chosen.folder / EVALUATION, evaluation)
    for name, content in ((runs.RECORD, chosen.record), (EVALUATION, evaluation)):
        write_json(args.root / REPORTS / name, content)
    write_report(args.root, chosen.folder / REPORT, evaluation, chosen.record)
    fill_model_card(args.root, evaluation)
    _print_summary(evaluation, chosen.folder.relative_to(args.root))
    if problem := _below_floor(config, evaluation):
        raise CheckFailed(problem)


def evaluate(config: Config, root: Path, chosen: runs.Run) -> dict[str, Any]:
    """The content of reports/evaluation.json.

    `config` says how to evaluate; model, metric and data are those of the run. Raises ValueError if
    the run was trained on other data than data/ holds.
    """
    manifest = check_data(root, chosen)
    trained = Config.model_validate(chosen.record["config"])
    trained = trained.model_copy(update={"evaluation": config.evaluation})
    model, description = store.load(chosen.folder)
    parts = {name: manifests.read_part(root, name) for name in ("train", "valid")}
    test = manifests.read_part(root, "test", for_evaluation=True)
    baseline_name = chosen.record["baseline"]["name"]
    features = manifest["features"]
    baseline, _ = fit(trained, baseline_name, parts["train"], features, manifest["classes"])
    scores = _score_test(trained, model, baseline, test, Schema(**description["schema"]))
    curve = _learning_curve(trained, manifest, model, parts, chosen.record)
    return {
        "run": chosen.record["run"],
        "created": datetime.now(UTC).isoformat(),
        "split": "test",
        "task": trained.task,
        "n_rows": len(test),
        "metric": trained.metric,
        "higher_is_better": METRICS[trained.metric].greater_is_better,
        "level": trained.evaluation.level,
        "baseline": {"name": baseline_name, "metrics": _values(trained, baseline, test)},
        **scores,
        "train": {n: value["value"] for n, value in chosen.record["metrics"]["train"].items()},
        "valid": chosen.record["metrics"]["valid"],
        "learning_curve": curve,
        "trees": runs.trees(root),
        "data": chosen.record["data"],
        "git": git_state(root),
    }


def check_data(root: Path, chosen: runs.Run) -> dict[str, Any]:
    """The manifest; raises ValueError unless data/ is complete and what the run was trained on."""
    manifest = manifests.read_manifest(root)
    if manifest is None or not manifests.is_complete(root, manifest):
        raise ValueError("data/: parts are missing or changed; run `prepare`, then `train`")
    if manifests.hashes_of(manifest) != chosen.record["data"]:
        run_name = chosen.record["run"]
        raise ValueError(f"logs/{run_name}: trained on other data than data/ holds; train again")
    return manifest


def _score_test(
    config: Config, model: Predictor, baseline: Predictor, test: pl.DataFrame, schema: Schema
) -> dict[str, Any]:
    """Metrics, the difference to the baseline, and where the errors are."""
    y_true = encode_target(test[config.data.target], model.classes)
    predicted, metric = model.predict(test), METRICS[config.metric]
    y_pred, y_score = predicted.y_pred, predicted.y_score
    options = bootstrap_options(config)
    columns, numbers = _slice_columns(config, schema, test), test[ROW].to_numpy()
    metrics = score_values(config, y_true, predicted)
    metrics[config.metric], advantage = bootstrap_pair(
        metric, y_true, predicted, baseline.predict(test), **options
    )
    found = {
        "metrics": metrics,
        "undefined_metrics": [name for name, one in metrics.items() if one["value"] is None],
        "beats_baseline": advantage,
        "calibration": errors.calibration(y_true, y_pred, y_score, config.evaluation.n_bins),
        "slices": score_slices(config.metric, metric, columns, y_true, predicted, **options),
        "worst_errors": errors.worst_errors(y_true, y_pred, y_score, numbers, model.classes),
    }
    if model.classes is None:
        return found | {"residuals": errors.residuals(y_true, y_pred)}
    return found | {"confusion": errors.confusion(y_true, y_pred, model.classes)}


def _slice_columns(config: Config, schema: Schema, test: pl.DataFrame) -> list[pl.Series]:
    """The columns of evaluation.slices; none named: every category and boolean feature."""
    chosen = list(config.evaluation.slices)
    for name in chosen:
        check_name(name, test.columns, "conf/default.yaml: evaluation.slices")
    grouped = [n for n, c in schema.columns.items() if c.type in ("category", "boolean")]
    return [test[name] for name in chosen or grouped]


def _learning_curve(
    config: Config,
    manifest: dict[str, Any],
    model: Predictor,
    parts: dict[str, pl.DataFrame],
    record: dict[str, Any],
) -> dict[str, Any]:
    """The metric on train and valid of fits on growing shares of train, and what it shows."""
    metric, valid = METRICS[config.metric], parts["valid"]
    rows = _shuffled(parts["train"], config)
    counts = learning_curve.sizes(len(rows))
    y_valid = encode_target(valid[config.data.target], model.classes)
    points: dict[str, list[Any]] = {"n_rows": counts, "train": [], "valid": []}
    predictions = []
    for count in counts:
        fitted = model
        if count < len(rows):
            features, classes = manifest["features"], manifest["classes"]
            fitted, _ = fit(config, config.model, rows[:count], features, classes)
        predictions.append(fitted.predict(valid))
        points["valid"].append(_value(metric, y_valid, predictions[-1]))
        y_train = encode_target(rows[:count][config.data.target], model.classes)
        points["train"].append(_value(metric, y_train, fitted.predict(rows[:count])))
    half = max(0, len(counts) - 2)
    options = {**bootstrap_options(config), "n_resamples": learning_curve.N_DRAWS}
    _, gain = bootstrap_pair(metric, y_valid, predictions[-1], predictions[half], **options)
    on_valid = record["metrics"]["valid"][config.metric]
    sign = 1 if metric.greater_is_better else -1
    gap = sign * ((points["train"][-1] or 0) - (points["valid"][-1] or 0))
    width = (on_valid["high"] or 0) - (on_valid["low"] or 0)
    baseline = record["baseline"]["metrics"][config.metric]
    beats = baseline is None or sign * (on_valid["value"] - baseline) > 0
    return {**points, "gain": gain, **learning_curve.summarize(gain, gap, width, beats)}


def _values(config: Config, model: Predictor, rows: pl.DataFrame) -> dict[str, Any]:
    y_true = encode_target(rows[config.data.target], model.classes)
    return score_values(config, y_true, model.predict(rows))


def _value(metric: Any, y_true: Any, predicted: Any) -> float | None:
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
    log("evaluate", text)
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
