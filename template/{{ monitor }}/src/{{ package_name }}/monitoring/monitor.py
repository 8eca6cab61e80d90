"""Judge the logged predictions by window: `monitor`."""

import argparse
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.schema import Schema
from ..executor.evaluate import EVALUATION
from ..registry.versions import resolve
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from . import quality
from .log import PREDICTIONS, n_lost, read_labels, read_predictions, read_refusals
from .page import write_page
from .replay import outputs, reference, training_rows
from .segments import TIME
from .service import DAY_S, LIVE, trained_at
from .settings import PATH, Monitoring, load_monitoring
from .windows import DAY_US, WINDOW, Window, find_drift, numbered

N_LATEST = 1000  # predictions, most of which are of the version that is judged
MIN_REQUESTS = 100  # below, a share or a percentile is no evidence
MAX_AHEAD = timedelta(hours=1)  # a clock that was wrong makes no window of the future


@dataclass(frozen=True)
class Subject:
    """The version that serves, and the predictions of the shown windows."""

    root: Path
    config: Config
    settings: Monitoring
    folder: Path
    description: dict[str, Any]
    predictions: pl.DataFrame


def run(args: argparse.Namespace) -> None:
    """Write reports/live.json and monitoring.html; CheckFailed, one line a broken limit."""
    subject = load_subject(args.root, load_monitoring(args.root, args.overrides))
    report = judge(subject)
    write_json(args.root / LIVE, report)
    write_page(args.root, report)
    _print(report)
    if report["n_broken"]:
        lines = [one["line"] for one in report["signals"] if one["state"] == "broken"]
        raise CheckFailed("\n".join(lines))


def load_subject(root: Path, settings: Monitoring) -> Subject:
    """The newest windows of the log; raises ValueError where nothing is logged."""
    latest = datetime.now(UTC) + MAX_AHEAD
    days = timedelta(days=settings.windows.days * settings.windows.shown)
    table = read_predictions(root).filter(pl.col(TIME).is_between(latest - days, latest)).collect()
    if table.is_empty():
        raise ValueError("data/served/predictions/: nothing is logged of these windows; `serve`")
    served = table.tail(N_LATEST)["model_version"].value_counts(sort=True)
    folder = resolve(root, served["model_version"][0])  # beside it a canary may serve a few
    description = read_json(folder / "model.json")
    predictions = numbered(table, settings.windows)
    return Subject(root, load_project(root), settings, folder, description, predictions)


def judge(subject: Subject) -> dict[str, Any]:
    """The content of reports/live.json."""
    rows, settings, classes = subject.predictions, subject.settings, subject.description["classes"]
    labels = read_labels(subject.root).collect()
    usable = quality.usable_rows(rows, "prediction", classes)
    labelled = quality.join_labels(usable, labels, classes)
    drift, windows = _drift(subject)
    n_bins, n_min = subject.config.evaluation.n_bins, settings.quality.min_labelled
    report = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "period": {"from": str(rows[TIME].min()), "to": str(rows[TIME].max()), "n": len(rows)},
        "model": _model(subject),
        "quality": _quality(subject, labelled),
        "estimate": quality.estimate(rows, classes),
        "calibration": quality.calibrate(labelled.rows, classes, n_bins, n_min),
        "overruled": quality.overruled(usable, labels, classes),
        "drift": drift,
        "refusals": _refusals(subject),
        "fallback": _fallback(rows),
        "lost": _lost(subject.root),
        "latency": _latency(rows),
        "windows": _windows(subject, windows, labelled.rows),
        "level": subject.config.evaluation.level,
    }
    return report | _judge_signals(report, settings)


def _model(subject: Subject) -> dict[str, Any]:
    version = subject.folder.name
    age = (time.time() - trained_at(subject.root, version)) / DAY_S
    limit = subject.settings.model.max_age_days
    run = subject.description["run"]
    return {"version": version, "run": run, "age_days": age, "days_over": age - limit}


def _quality(subject: Subject, labelled: quality.Labelled) -> dict[str, Any]:
    found = quality.live_quality(subject.config, labelled.rows, subject.description["classes"])
    evaluation = read_json(subject.folder / EVALUATION)["metrics"]
    of_test = quality.signed(evaluation[subject.config.metric], subject.config)
    settings = subject.settings.quality
    found |= {"floor": settings.floor, "of_test": of_test}
    found["shortfall"] = quality.shortfall(found, settings, of_test)
    counts = ("n_repeated", "n_without_prediction", "n_unusable")
    return found | {name: getattr(labelled, name) for name in counts}


def _drift(subject: Subject) -> tuple[dict[str, Any], list[Window]]:
    """Inputs and predictions of the version that serves."""
    settings, split = subject.settings.windows, subject.config.data.split
    schema = Schema.model_validate(subject.description["schema"])
    # After a split by time every later row has a time that train has not seen.
    hidden = {*subject.settings.log.mask, split.column if split.by == "time" else None}
    names = [name for name in schema.columns if name not in hidden]
    source, inputs, predicted = reference(subject.folder, names)
    serving = pl.col("model_version") == subject.folder.name
    rows = subject.predictions.filter(serving & (pl.col("source") == "model"))
    tables, references = [_outputs(rows, subject.description["classes"])], [predicted]
    kept = rows.filter(pl.col("row").is_not_null())
    if len(kept):
        cells = training_rows(kept["row"], schema).select(names)
        tables.append(cells.with_columns(kept[WINDOW]))
        references.append(inputs)
    windows = find_drift(tables, references, settings)
    rings = windows[-1].rings if windows else []
    report: dict[str, Any] = {"n_columns": len(rings), "columns": rings, "reference": source}
    report |= {"level": settings.level, "season": settings.season, "persist": settings.persist}
    return report | {"n_rows_with_inputs": len(kept), "n_judged": len(windows)}, windows


def _outputs(rows: pl.DataFrame, classes: list[str] | None) -> pl.DataFrame:
    """As `outputs` of training, with WINDOW."""
    if classes is None:
        return rows.select(pl.col("prediction").cast(pl.Float64), WINDOW)
    scores = quality.as_predictions(rows, classes).y_score
    shown = pl.DataFrame(scores, schema=[f"probability_{one}" for one in classes])
    return outputs(shown.with_columns(rows["prediction"])).with_columns(rows[WINDOW])


def _refusals(subject: Subject) -> dict[str, Any]:
    """Refused requests of the same period, by rule; a request may break several."""
    first = subject.predictions[TIME].min()
    found = read_refusals(subject.root).filter(pl.col(TIME) >= first).collect()
    n_refused = found["request_id"].n_unique()
    n_requests = n_refused + subject.predictions["request_id"].n_unique()
    counts = found.group_by("column", "rule").len("n").sort("n", "column", descending=[True, False])
    share = n_refused / n_requests if n_requests >= MIN_REQUESTS else None
    return {"n": n_refused, "share": share, "by_rule": counts.to_dicts()}


def _fallback(rows: pl.DataFrame) -> dict[str, Any]:
    used = rows.filter(pl.col("source") == "fallback")
    share = len(used) / len(rows) if len(rows) >= MIN_REQUESTS else None
    reasons = used["reason"].value_counts(sort=True).to_dicts()
    return {"n": len(used), "share": share, "by_reason": reasons}


def _lost(root: Path) -> dict[str, int]:
    found = n_lost(root)
    return {"n": found[PREDICTIONS], **found}


def _latency(rows: pl.DataFrame) -> dict[str, Any]:
    requests = rows.unique("request_id")["ms"]
    p95 = requests.quantile(0.95) if len(requests) >= MIN_REQUESTS else None
    return {"p95_ms": p95, "n_requests": len(requests)}


def _windows(
    subject: Subject, judged: list[Window], labelled: pl.DataFrame
) -> list[dict[str, Any]]:
    """One entry a window with its start, numbers and drift."""
    drift = {one.number: asdict(one) for one in judged}
    classes, found = subject.description["classes"], []
    parts = subject.predictions.sort(WINDOW).partition_by(WINDOW, as_dict=True)
    true = labelled.partition_by(WINDOW, as_dict=True)
    length = subject.settings.windows.days * DAY_US
    for (number,), rows in parts.items():
        start = datetime.fromtimestamp(number * length / 1e6, UTC).isoformat()
        entry = {"start": start, "n": len(rows), **_latency(rows)}
        entry["fallback"] = _fallback(rows)["n"]
        known = true.get((number,))
        if known is not None and len(known) >= quality.MIN_ROWS:
            draws = quality.N_DRAWS
            entry["quality"] = quality.live_quality(subject.config, known, classes, draws)
        entry["estimate"] = quality.estimate(rows, classes)["value"]
        found.append(entry | {"drift": drift.get(number)})
    return found


def _judge_signals(report: Mapping[str, Any], settings: Monitoring) -> dict[str, Any]:
    """Each signal as holds, broken or unknown, and the number of broken ones."""
    found = []
    for one in settings.signals:
        value = _look_up(report, one.metric)
        state = "unknown" if value is None else "broken" if value > one.threshold else "holds"
        number = "not known" if value is None else f"{value:.4g}"
        line = f"{one.name}: {one.metric} is {number}, above {one.threshold:g} of {PATH}"
        line += f"; {_details(report, one.metric)}{one.owner or 'no owner'}: {one.action}"
        found.append({**one.model_dump(), "value": value, "state": state, "line": line})
    return {"signals": found, "n_broken": sum(one["state"] == "broken" for one in found)}


def _look_up(report: Mapping[str, Any], path: str) -> float | None:
    value: Any = report
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            raise ValueError(f"{PATH}: signals: {LIVE} has no {path}")
        value = value[key]
    return None if value is None else float(value)


def _details(report: Mapping[str, Any], metric: str) -> str:
    if metric.startswith("drift."):
        return f"{', '.join(report['drift']['columns'])}; "
    return ""


def _print(report: Mapping[str, Any]) -> None:
    model, found = report["model"], report["quality"]
    text = f"{report['period']['n']} predictions; version {model['version']}, "
    log("monitor", text + f"{model['age_days']:.1f} days old")
    for one in report["signals"]:
        value = "-" if one["value"] is None else f"{one['value']:.4g}"
        log("", f"{one['state']:<9} {one['name']:<32} {value:>9}  at most {one['threshold']:g}")
    log("", f"{found['n_labelled']} labels; page reports/monitoring.html, record {LIVE.as_posix()}")
