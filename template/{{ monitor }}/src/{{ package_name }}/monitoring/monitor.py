"""Judge the logged predictions by window: `monitor`."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
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
from .log import ANSWER, PREDICTIONS, REFUSALS, n_lost, read, read_labels, read_predictions
from .segments import TIME
from .service import DAY_S, LIVE, model_age_s
from .settings import PATH, Monitoring, load_monitoring
from .skew import training_rows
from .windows import N_SHOWN, WINDOW, Window, find_drift, reference

PAGE = Path("reports", "monitoring.html")
N_LATEST = 1000  # predictions, most of which are of the version that is judged
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
    report = judge(load_subject(args.root, load_monitoring(args.root, args.overrides)))
    write_json(args.root / LIVE, report)
    write_text(args.root / PAGE, render("monitoring/monitoring.html", report=report))
    version, age = report["model"]["version"], report["model"]["age_days"]
    log("monitor", f"{report['period']['n']} predictions; version {version}, {age:.1f} days old")
    for one in report["signals"]:
        value = "-" if one["value"] is None else f"{one['value']:.4g}"
        log("", f"{one['state']:<9} {one['name']:<32} {value:>9}  at most {one['threshold']:g}")
    log("", f"page      {PAGE.as_posix()}      record  {LIVE.as_posix()}")
    if report["n_broken"]:
        lines = [one["line"] for one in report["signals"] if one["state"] == "broken"]
        raise CheckFailed("\n".join(lines))


def load_subject(root: Path, settings: Monitoring) -> Subject:
    """The newest windows of the log; raises ValueError where nothing is logged."""
    latest = datetime.now(UTC) + MAX_AHEAD
    days = timedelta(days=settings.windows.days * N_SHOWN)
    chosen = (pl.col("role") == ANSWER) & pl.col(TIME).is_between(latest - days, latest)
    table = read_predictions(root).filter(chosen).collect()
    if table.is_empty():
        raise ValueError("data/served/predictions/: nothing is logged of these windows; `serve`")
    served = table.tail(N_LATEST)["model_version"].value_counts(sort=True)
    folder = resolve(root, served["model_version"][0])  # beside it a canary may serve a few
    description = read_json(folder / "model.json")
    # Whole lengths since 1970, so that phases stay the same.
    number = pl.col(TIME).to_physical() // int(settings.windows.days * DAY_US)
    rows = table.with_columns(number.alias(WINDOW))
    return Subject(root, load_project(root), settings, folder, description, rows)


def judge(subject: Subject) -> dict[str, Any]:
    """The content of reports/live.json."""
    rows, settings, classes = subject.rows, subject.settings, subject.description["classes"]
    labels, lost = read_labels(subject.root).collect(), n_lost(subject.root)
    usable = quality.usable_rows(rows, "prediction", classes)
    labelled, others = quality.join_labels(usable, labels, classes)
    drift, judged = _drift(subject, usable)
    version, max_age = subject.folder.name, settings.model.max_age_days
    age = model_age_s(subject.root, version) / DAY_S
    windows = _windows(subject, usable, labelled, judged)
    n_bins, n_min = subject.config.evaluation.n_bins, settings.quality.min_labelled
    report = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "period": {"from": str(rows[TIME].min()), "to": str(rows[TIME].max()), "n": len(rows)},
        "model": {"version": version, "age_days": age, "days_over": age - max_age},
        "quality": _quality(subject, labelled) | others,
        "estimate": quality.estimate(usable, classes),
        "calibration": quality.calibrate(labelled, classes, n_bins, n_min),
        "overruled": quality.overruled(usable, labels, classes),
        "drift": drift,
        "refusals": _refusals(subject),
        "lost": {"n": lost[PREDICTIONS], **lost},
        "windows": windows,
        "agreement": agreement(subject.root, settings.kpi, windows),
        "level": subject.config.evaluation.level,
    }
    return report | _judge_signals(report, settings)


def _quality(subject: Subject, labelled: pl.DataFrame) -> dict[str, Any]:
    config, settings = subject.config, subject.settings.quality
    found = quality.live_quality(config, labelled, subject.description["classes"])
    evaluation = read_json(subject.folder / EVALUATION)["metrics"]
    of_test = quality.signed(evaluation[config.metric], config)
    shortfall = quality.shortfall(found, settings, of_test)
    return found | {"floor": settings.floor, "of_test": of_test, "shortfall": shortfall}


def _drift(subject: Subject, usable: pl.DataFrame) -> tuple[dict[str, Any], list[Window]]:
    """Inputs and predictions of the version that serves."""
    settings, split = subject.settings.windows, subject.config.data.split
    schema = Schema.model_validate(subject.description["schema"])
    # After a split by time every later row has a time that train has not seen.
    hidden = {*subject.settings.log.mask, split.column if split.by == "time" else None}
    names = [name for name in schema.columns if name not in hidden]
    source, inputs, predicted = reference(subject.folder, names)
    serving = pl.col("model_version") == subject.folder.name
    rows = usable.filter(serving & (pl.col("source") == "model"))
    outputs = quality.outputs(quality.as_predictions(rows, subject.description["classes"]))
    tables, references = [outputs.with_columns(rows[WINDOW])], [predicted]
    kept = rows.filter(pl.col("row").is_not_null())
    if len(kept):
        tables.append(training_rows(kept["row"], schema).with_columns(kept[WINDOW]))
        references.append(inputs)
    windows = find_drift(tables, references, settings)
    rings = windows[-1].rings if windows else []
    report = {"n_columns": len(rings), "columns": rings, "reference": source}
    return report | settings.model_dump() | {"n_rows_with_inputs": len(kept)}, windows


def _refusals(subject: Subject) -> dict[str, Any]:
    """Refused requests of the same period, by rule; a request may break several."""
    since = pl.col(TIME) >= subject.rows[TIME].min()
    found = read(subject.root, REFUSALS).filter(since).collect()
    n_refused = found["request_id"].n_unique()
    n_requests = n_refused + subject.rows["request_id"].n_unique()
    counts = found.group_by("column", "rule").len("n").sort("n", "column", descending=[True, False])
    share = n_refused / n_requests if n_requests >= MIN_REQUESTS else None
    return {"n": n_refused, "share": share, "by_rule": counts.to_dicts()}


def _windows(
    subject: Subject, usable: pl.DataFrame, labelled: pl.DataFrame, judged: list[Window]
) -> list[dict[str, Any]]:
    """One entry a window with its start, numbers and drift."""
    drift = {one.number: asdict(one) for one in judged}
    config, classes = subject.config, subject.description["classes"]
    length, found = subject.settings.windows.days * DAY_US, []
    for (number,), rows in usable.partition_by(WINDOW, as_dict=True).items():
        known = labelled.filter(pl.col(WINDOW) == number)
        found.append(
            {
                "start": datetime.fromtimestamp(number * length / 1e6, UTC).isoformat(),
                "n": len(rows),
                "quality": quality.live_quality(config, known, classes, quality.N_DRAWS),
                "estimate": quality.estimate(rows, classes)["value"],
                "drift": drift.get(number),
            }
        )
    return found


def _judge_signals(report: Mapping[str, Any], settings: Monitoring) -> dict[str, Any]:
    """Each signal as holds, broken or unknown, and the number of broken ones."""
    found = []
    for one in settings.signals:
        value = _look_up(report, one.metric)
        state = "unknown" if value is None else "broken" if value > one.threshold else "holds"
        columns = report["drift"]["columns"] if one.metric.startswith("drift.") else []
        line = f"{one.name}: {one.metric} is {value or 0:.4g}, above {one.threshold:g} of {PATH}; "
        line += "; ".join([*columns, one.owner or "no owner"]) + f": {one.action}"
        found.append({**one.model_dump(), "value": value, "state": state, "line": line})
    return {"signals": found, "n_broken": sum(one["state"] == "broken" for one in found)}


def _look_up(report: Any, path: str) -> float | None:
    try:
        value = reduce(getitem, path.split("."), report)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{PATH}: signals: {LIVE} has no {path}") from error
    return None if value is None else float(value)
