"""Train, evaluate and register again, if it is due: `retrain`."""

import argparse
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from filelock import FileLock, Timeout
from pydantic import Field

from ..configs.load import load, load_project
from ..configs.settings import Config, Count, Section
from ..evaluation.text import interval_text, metric_text
from ..executor import evaluate
from ..executor.train import train
from ..monitoring.log import read_labels
from ..monitoring.service import LIVE
from ..registry import versions
from ..registry.comparison import compare
from ..registry.register import register
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log

CONF, REPORT = "conf/retraining.yaml", Path("reports", "retraining.json")
LOCK = Path("logs", ".retraining.lock")
DAY_S = 86_400
Positive = Annotated[float, Field(gt=0)]
Due = tuple[str, str]  # trigger, reason
Entry = dict[str, Any]


class Staleness(Section):
    """How `staleness` cuts time into periods of equal length."""

    column: str | None = None
    n_window: Count
    n_ages: Annotated[int, Field(ge=3)]
    n_scored: Annotated[int, Field(ge=2)]


class Retraining(Section):
    """Everything in conf/retraining.yaml."""

    trigger: tuple[Literal["schedule", "drift", "quality", "labels"], ...]
    every_days: Positive
    wait_days: Annotated[float, Field(ge=0)]
    min_labels: Count
    max_drop: Annotated[float, Field(ge=0)]
    max_minutes: Positive
    staleness: Staleness


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--force`."""
    parser.add_argument("--force", metavar="REASON", help="train now, for this reason")


def run(args: argparse.Namespace) -> None:
    """Retrain if it is due; CheckFailed where another one runs, or the model is worse."""
    root, settings = args.root, load(args.root, CONF, Retraining)
    try:
        with FileLock(root / LOCK, timeout=0):
            chosen = ("force", args.force) if args.force else due(root, settings, datetime.now(UTC))
            if chosen is None:
                return log("retrain", f"not due: nothing of trigger in {CONF} holds")
            log("retrain", f"{chosen[0]}: {chosen[1]}")
            entry = retrain(root, args.overrides, settings, chosen)
    except Timeout as error:
        last = (read_history(root) or [{}])[-1]
        text = f"process {last.get('pid')} since {last.get('started')}, {last.get('reason')}"
        raise CheckFailed(f"retrain: another one is running ({text})") from error
    if entry["worse"]:
        text = f"below the champion by more than max_drop {settings.max_drop:g}"
        raise CheckFailed(f"retrain: version {entry['version']} is worse: {text}; not promoted")
    log("", f"version {entry['version']} is challenger; `promote` decides")


def due(root: Path, settings: Retraining, now: datetime) -> Due | None:
    """Why to train again now, or None; a retraining that was killed is due again.

    The newest training is the one in reports/run.json, which `evaluate` writes. Labels and the
    report on the service count where they are newer than it.
    """
    history, path = read_history(root), root / "reports" / runs.RECORD
    if history and history[-1]["status"] == "running":
        return history[-1]["trigger"], f"the last one was killed: {history[-1]['reason']}"
    if not path.is_file():
        return "first", "no model was evaluated yet"
    trained = datetime.fromisoformat(read_json(path)["started"])
    age = (now - trained).total_seconds() / DAY_S
    live = read_json(root / LIVE) if (root / LIVE).is_file() else {}
    is_new = bool(live) and datetime.fromisoformat(live["created"]) > trained
    columns = live.get("drift", {}).get("columns", ()) if is_new else ()
    shortfall = live.get("quality", {}).get("shortfall") or 0 if is_new else 0
    labels = read_labels(root).filter(pl.col("time") > trained)
    n_labels = labels.select(pl.col("prediction_id").n_unique()).collect().item()
    has_waited = age >= settings.wait_days
    reasons = {
        "schedule": (age >= settings.every_days, f"the newest model is {age:.1f} days old"),
        "drift": (has_waited and columns, f"inputs or predictions moved: {', '.join(columns)}"),
        "quality": (has_waited and shortfall > 0, f"live quality {shortfall:.3g} below its limit"),
        "labels": (has_waited and n_labels >= settings.min_labels, f"{n_labels} new labels"),
    }
    return next(((name, reasons[name][1]) for name in settings.trigger if reasons[name][0]), None)


def retrain(root: Path, words: list[str], settings: Retraining, chosen: Due) -> Entry:
    """prepare, train, evaluate, register; recorded before it begins and however it ends.

    words: key=value changes of the configuration.
    """
    entry: Entry = {"trigger": chosen[0], "reason": chosen[1], "pid": os.getpid()}
    record(root, entry, status="running", started=datetime.now(UTC).isoformat())
    timer = threading.Timer(settings.max_minutes * 60, _end, [root, entry, settings.max_minutes])
    timer.daemon = True
    timer.start()
    try:
        config = load_project(root, words)
        record(root, entry, run=train(config, root, "retrain")["run"])
        evaluate.run(argparse.Namespace(root=root, run=entry["run"], overrides=words))
        timer.cancel()
        folder = register(root, runs.find(root, entry["run"]))
        found = compare_with_champion(config, root, folder)
        is_worse = found is not None and (found["difference"]["value"] or 0) < -settings.max_drop
        facts = {"version": folder.name, "comparison": found, "worse": is_worse}
        record(root, entry, status="registered", **facts)
    except BaseException as error:
        record(root, entry, status="failed", error=f"{type(error).__name__}: {error}")
        raise
    finally:
        timer.cancel()
    return entry


def _end(root: Path, entry: Entry, minutes: float) -> None:
    """End this process, like a kill: a fit in C hears no exception."""
    text = f"stopped after the {minutes:g} minutes of max_minutes in {CONF}"
    record(root, entry, status="failed", error=text)
    sys.stderr.write(f"retrain: {text}; nothing was registered\n")
    os._exit(1)


def read_history(root: Path) -> list[Entry]:
    """Every retraining, the oldest first."""
    path = root / REPORT
    return list(read_json(path)["history"]) if path.is_file() else []


def record(root: Path, entry: Entry, **facts: Any) -> None:
    """Add facts to the newest entry of reports/retraining.json; one without an end was killed."""
    entry.update(facts)
    older = [one for one in read_history(root) if one["started"] != entry["started"]]
    for one in older:
        if one["status"] == "running":
            one["status"] = "killed"
    write_json(root / REPORT, {**entry, "history": [*older, entry]})


def compare_with_champion(config: Config, root: Path, folder: Path) -> Entry | None:
    """The gain over the champion on the test part; None where they cannot be compared."""
    try:
        found = compare(config, root, folder, versions.resolve(root))
    except (ValueError, pl.exceptions.PolarsError) as error:
        log("", f"not compared with a champion: {error}")
        return None
    gain = f"{metric_text(found['metric'])} {interval_text(found['difference'])}"
    log("", f"gain over version {found['champion']}: {gain}")
    return found
