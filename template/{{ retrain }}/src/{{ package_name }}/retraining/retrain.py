"""Train, evaluate and register again, if it is due: `retrain`."""

import argparse
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from ..configs.load import load_project
from ..configs.settings import Config
from ..evaluation.text import interval_text, metric_text
from ..executor import evaluate
from ..executor.train import train
from ..registry import versions
from ..registry.comparison import compare
from ..registry.register import register
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from .settings import PATH, REPORT, Due, Retraining, due, load_retraining, read_history

LOCK = Path("logs", ".retraining.lock")
Entry = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--force`."""
    parser.add_argument("--force", metavar="REASON", help="train now, for this reason")


def run(args: argparse.Namespace) -> None:
    """Retrain if it is due; CheckFailed where another one runs, or the model is worse."""
    try:
        with FileLock(args.root / LOCK, timeout=0):
            retrain_if_due(args.root, args.overrides, args.force)
    except Timeout as error:
        last = (read_history(args.root) or [{}])[-1]
        text = f"process {last.get('pid')} since {last.get('started')}, {last.get('reason')}"
        raise CheckFailed(f"retrain: another one is running ({text})") from error


def retrain_if_due(root: Path, words: list[str], force: str | None) -> None:
    """words: key=value changes of the configuration; force: a reason, due or not."""
    settings = load_retraining(root)
    chosen = ("force", force) if force else due(root, settings, datetime.now(UTC))
    if chosen is None:
        return log("retrain", f"not due: nothing of trigger in {PATH} holds")
    log("retrain", f"{chosen[0]}: {chosen[1]}")
    entry = retrain(root, words, settings, chosen)
    if entry["worse"]:
        text = f"below the champion by more than max_drop {settings.max_drop:g}"
        raise CheckFailed(f"retrain: version {entry['version']} is worse: {text}; not promoted")
    log("", f"version {entry['version']} is challenger; `promote` decides")


def retrain(root: Path, words: list[str], settings: Retraining, chosen: Due) -> Entry:
    """prepare, train, evaluate, register; recorded before it begins and however it ends."""
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
        champion = compare_with_champion(config, root, folder)
        worse = champion is not None and (champion["gain"]["value"] or 0) < -settings.max_drop
        facts = {"version": folder.name, "champion": champion, "worse": worse}
        record(root, entry, status="registered", **facts)
    except BaseException as error:
        record(root, entry, status="failed", error=f"{type(error).__name__}: {error}")
        raise
    finally:
        timer.cancel()
    return entry


def _end(root: Path, entry: Entry, minutes: float) -> None:
    """End this process, like a kill: a fit in C hears no exception."""
    text = f"stopped after the {minutes:g} minutes of max_minutes in {PATH}"
    record(root, entry, status="failed", error=text)
    sys.stderr.write(f"retrain: {text}; nothing was registered\n")
    os._exit(1)


def record(root: Path, entry: Entry, **facts: Any) -> None:
    """Add facts to the newest entry of reports/retraining.json; one without an end was killed."""
    entry.update(facts)
    older = [one for one in read_history(root) if one["started"] != entry["started"]]
    for one in older:
        if one["status"] == "running":
            one["status"] = "killed"
    write_json(root / REPORT, {**entry, "history": [*older, entry]})


def compare_with_champion(config: Config, root: Path, folder: Path) -> Entry | None:
    """The metric of both as evaluated, and the gain on the same rows of the test part.

    None where there is no champion, or one that cannot predict these rows fairly.
    """
    version, metric = versions.aliases(root).get(versions.CHAMPION), config.metric
    if version is None:
        return None
    champion = versions.resolve(root, version)
    try:
        gain = compare(config, root, folder, champion)["difference"]
    except (ValueError, pl.exceptions.PolarsError) as error:
        log("", f"cannot be compared with version {version}: {error}")
        return None
    log("", f"gain over version {version}: {metric_text(metric)} {interval_text(gain)}")
    both = (read_json(path / evaluate.EVALUATION)["metrics"] for path in (folder, champion))
    new, old = (one.get(metric, {}).get("value") for one in both)
    return {"version": version, "metric": metric, "value": new, "of_champion": old, "gain": gain}
