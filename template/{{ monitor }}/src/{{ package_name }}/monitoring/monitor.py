"""Judge the logged predictions by window: `monitor`."""

import argparse
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.examples import measures
from ..dataloader.schema import Schema
from ..evaluation.report import render
from ..executor.evaluate import EVALUATION
from ..registry.versions import resolve
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json, write_text
from ..utils.logs import log
from ..utils.predictions import DAY_US
from . import quality
from .agreement import agreement
from .log import ANSWER, PREDICTIONS, REFUSALS, close, n_lost, read, read_labels, read_predictions
from .segments import TIME
from .service import DAY_S, LIVE, model_age_s
from .settings import PATH, Monitoring, Signal, load_monitoring
from .skew import training_rows
from .windows import N_SHOWN, WINDOW, Window, find_drift, reference

PAGE = Path("reports", "monitoring.html")
N_LATEST = 1000  # predictions, most of which are of the version that is judged
N_DRAWS = 200  # of a window; all rows together get evaluation.n_resamples
MIN_REQUESTS = 100  # below, a share is no evidence
MAX_AHEAD = timedelta(hours=1)  # a clock that was wrong makes no window of the future


@dataclass(frozen=True)
class Subject:
    """The version that serves, and what callers got in the shown windows."""

    root: Path
    config: Config
    settings: Monitoring
    folder: Path
    description: dict[str, Any]
    rows: pl.DataFrame


def run(args: argparse.Namespace) -> None:
    """Write reports/live.json and monitoring.html; CheckFailed, one line a broken limit."""
    close(args.root)
    report = judge(load_subject(args.root, load_monitoring(args.root, args.overrides)))
    write_json(args.root / LIVE, report)
    write_text(args.root / PAGE, render("monitoring/monitoring.html", report=report))
    version, age = report["model"]["version"], report["model"]["age_days"]
    log("monitor", f"{report['period']['n']} predictions; version {version}, {age:.1f} days old")
    for one in report["signals"]:
        value = "-" if one["value"] is None else f"{one['value']:.4g}"
        log("", f"{one['state']:<9} {one['name']:<32} {value:>9}  at most {one['threshold']:g}")
    log("", f"page      {PAGE.as_posix()}      record  {LIVE.as_posix()}")
    if broken := [one["line"] for one in report["signals"] if one["state"] == "broken"]:
        raise CheckFailed("\n".join(broken))


def load_subject(root: Path, settings: Monitoring) -> Subject:
    """The newest windows of the log; raises ValueError where nothing is logged."""
    latest = datetime.now(UTC) + MAX_AHEAD
    days = timedelta(days=settings.windows.days * N_SHOWN)
    recent = pl.col(TIME).is_between(latest - days, latest)
    table = read_predictions(root).filter(recent, role=ANSWER).collect()
    if table.is_empty():
        raise ValueError("data/served/predictions/: nothing is logged of these windows; `serve`")
    served = table.tail(N_LATEST)["model_version"].value_counts(sort=True)
    folder = resolve(root, served["model_version"][0])  # beside it a canary may serve a few
    description = read_json(folder / "model.json")
    # Whole lengths since 1970, so that phases stay the same.
    number = pl.col(TIME).to_physical() // int(settings.windows.days * DAY_US)
    rows = quality.usable_rows(table, "prediction", description["classes"])
    rows = rows.with_columns(number.alias(WINDOW))
    return Subject(root, load_project(root), settings, folder, description, rows)


def judge(subject: Subject) -> dict[str, Any]:
    """The content of reports/live.json."""
    root, rows, settings = subject.root, subject.rows, subject.settings
    labels, classes = read_labels(root).collect(), subject.description["classes"]
    labelled, others = quality.join_labels(rows, labels, classes)
    drift, judged = _drift(subject)
    version, max_age = subject.folder.name, settings.model.max_age_days
    age, lost = model_age_s(root, version) / DAY_S, n_lost(root)
    windows = _windows(subject, labelled, judged)
    n_bins, n_min = subject.config.evaluation.n_bins, settings.quality.min_labelled
    report = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "period": {"from": str(rows[TIME].min()), "to": str(rows[TIME].max()), "n": len(rows)},
        "model": {"version": version, "age_days": age, "days_over": age - max_age},
        "quality": _quality(subject, labelled) | others,
        "estimate": quality.estimate(rows, classes),
        "calibration": quality.calibrate(labelled, classes, n_bins, n_min),
        "overruled": quality.overruled(rows, labels, classes),
        "drift": drift,
        "refusals": _refusals(root, rows),
        "lost": {"n": lost[PREDICTIONS], **lost},
        "windows": windows,
        "agreement": agreement(root, settings.kpi, windows),
        "level": subject.config.evaluation.level,
    }
    signals = [_judge_signal(one, report) for one in settings.signals]
    n_broken = sum(one["state"] == "broken" for one in signals)
    return report | {"signals": signals, "n_broken": n_broken}


def _quality(subject: Subject, labelled: pl.DataFrame) -> dict[str, Any]:
    config, settings = subject.config, subject.settings.quality
    found = quality.live_quality(config, labelled, subject.description["classes"])
    evaluation = read_json(subject.folder / EVALUATION)["metrics"]
    of_test = quality.signed(evaluation[config.metric], config)
    shortfall = quality.shortfall(found, settings, of_test)
    return found | {"floor": settings.floor, "of_test": of_test, "shortfall": shortfall}


def _drift(subject: Subject) -> tuple[dict[str, Any], list[Window]]:
    """Inputs and predictions of the version that serves; of logged rows, where there are any."""
    settings, data = subject.settings.windows, subject.config.data
    schema = Schema.model_validate(subject.description["schema"])
    # After a split by time every later row has a time that train has not seen.
    by_time = data.split.column if data.split.by == "time" else None
    hidden = {*subject.settings.log.mask, by_time}
    names = [name for name in schema.columns if name not in hidden]
    rows = subject.rows.filter(model_version=subject.folder.name, source="model")
    kept = rows.filter(pl.col("row").is_not_null())
    rows, names = (kept, names) if len(kept) and names else (rows, [])
    source, *references = reference(subject.folder, names, data)
    inputs = training_rows(kept["row"], schema).select(names) if names else rows.select()
    outputs = quality.outputs(quality.as_predictions(rows, subject.description["classes"]))
    tables = [one.with_columns(rows[WINDOW]) for one in measures(inputs, outputs, data)]
    first = 0 if names else 1  # of outputs alone
    windows = find_drift(tables[first:], references[first:], settings)
    rings = windows[-1].rings if windows else []
    report = {"n_columns": len(rings), "columns": rings, "reference": source}
    return report | settings.model_dump() | {"n_rows_with_inputs": len(kept)}, windows


def _refusals(root: Path, rows: pl.DataFrame) -> dict[str, Any]:
    """Refused requests of the same period, by rule; a request may break several."""
    found = read(root, REFUSALS).filter(pl.col(TIME) >= rows[TIME].min()).collect()
    n_refused = found["request_id"].n_unique()
    n_requests = n_refused + rows["request_id"].n_unique()
    counts = found.group_by("column", "rule").len("n").sort("n", "column", descending=[True, False])
    share = n_refused / n_requests if n_requests >= MIN_REQUESTS else None
    return {"n": n_refused, "share": share, "by_rule": counts.to_dicts()}


def _windows(
    subject: Subject, labelled: pl.DataFrame, judged: list[Window]
) -> list[dict[str, Any]]:
    """One entry a window with its start, numbers and drift."""
    drift = {one.number: asdict(one) for one in judged}
    config, classes = subject.config, subject.description["classes"]
    length, found = subject.settings.windows.days * DAY_US / 1e6, []
    for (number,), rows in subject.rows.partition_by(WINDOW, as_dict=True).items():
        known = labelled.filter(pl.col(WINDOW) == number)
        found.append(
            {
                "start": datetime.fromtimestamp(number * length, UTC).isoformat(),
                "n": len(rows),
                "quality": quality.live_quality(config, known, classes, n_resamples=N_DRAWS),
                "estimate": quality.estimate(rows, classes)["value"],
                "drift": drift.get(number),
            }
        )
    return found


def _judge_signal(signal: Signal, report: Any) -> dict[str, Any]:
    """The signal with its value, state (holds, broken, unknown), and a line for people."""
    try:
        value = reduce(getitem, signal.metric.split("."), report)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{PATH}: signals: {LIVE} has no {signal.metric}") from error
    state = "unknown" if value is None else "broken" if value > signal.threshold else "holds"
    columns = report["drift"]["columns"] if signal.metric.startswith("drift.") else []
    line = f"{signal.name}: {signal.metric} is {value or 0:.4g}, above {signal.threshold:g} of "
    line += "; ".join([PATH, *columns, signal.owner or "no owner"]) + f": {signal.action}"
    return {**signal.model_dump(), "value": value, "state": state, "line": line}
