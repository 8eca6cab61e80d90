"""Train, evaluate and register again, if it is due: `retrain`."""

import _thread
import argparse
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from ..configs.load import load_project
from ..configs.settings import Config
from ..evaluation.report import interval_text, metric_text
from ..executor import evaluate
from ..executor.prepare import ensure
from ..executor.train import train
from ..monitoring.labels import ID, LABEL
from ..monitoring.log import read_labels, read_predictions
from ..registry import versions
from ..registry.comparison import compare
from ..registry.register import register
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, replacing, write_json
from ..utils.logs import log
from .settings import FORCED, PATH, REPORT, Due, Retraining, due, load_retraining, read_history

LOCK = Path("logs", ".retraining.lock")
GRACE_S = 30  # for a fit that does not hear of the end of its time
FAILED = 1
STOPPED = "stopped after the"
Entry = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--force` and `--wait`."""
    parser.add_argument("--force", metavar="REASON", help="train now, for this reason")
    text = "seconds to wait for another retraining (default: 0)"
    parser.add_argument("--wait", type=float, default=0, help=text)


def run(args: argparse.Namespace) -> None:
    """Retrain if it is due; CheckFailed where it fails, or the model is worse than the champion."""
    root, settings = args.root, load_retraining(args.root)
    if args.force is not None and not args.force.strip():
        raise ValueError("command line: --force needs a reason")
    with locked(root, args.wait):
        started = datetime.now(UTC)
        chosen = (FORCED, args.force) if args.force else due(root, settings, started)
        if chosen is None:
            return log("retrain", f"not due: nothing of trigger in {PATH} holds")
        log("retrain", f"{chosen[0]}: {chosen[1]}")
        entry = _retrain(root, args.overrides, settings, chosen, started)
    if entry["worse"]:
        gain = interval_text(entry["champion"]["difference"])
        text = f"gain over the champion {gain}, max_drop {settings.max_drop:g}"
        raise CheckFailed(f"retrain: version {entry['version']} is worse: {text}; not promoted")
    log("", f"version {entry['version']} is challenger; `promote` decides")


@contextmanager
def locked(root: Path, wait_s: float) -> Iterator[None]:
    """Within, no other retraining runs; raises CheckFailed that names the one that does."""
    (root / LOCK).parent.mkdir(exist_ok=True)
    lock = FileLock(root / LOCK)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        last = (read_history(root) or [{}])[-1]
        text = f"process {last.get('pid')} since {last.get('started')}, {last.get('reason')}"
        raise CheckFailed(f"retrain: another one is running ({text}); see --wait") from error
    try:
        yield
    finally:
        lock.release()


def _retrain(
    root: Path, words: list[str], settings: Retraining, chosen: Due, started: datetime
) -> Entry:
    """One retraining, recorded before it begins and however it ends."""
    clock, older = time.perf_counter(), read_history(root)
    for one in older:
        if one["status"] == "running":  # it did not write its end, and holds no lock
            one["status"] = "killed"
    entry: Entry = {"status": "running", "trigger": chosen[0], "reason": chosen[1]}
    entry |= {"started": started.isoformat(timespec="seconds"), "pid": os.getpid()}
    entry |= dict.fromkeys(("run", "version", "champion", "worse", "error", "seconds"))

    def record(**facts: Any) -> None:
        entry.update(facts, seconds=round(time.perf_counter() - clock, 1))
        write_json(root / REPORT, {**entry, "history": [*older, entry]})

    record()
    try:
        with budget(settings.max_minutes, entry, record):
            _steps(root, words, settings, record)
        record(status="registered")
    except BaseException as error:
        text = entry["error"] or str(error).partition("\n")[0] or type(error).__name__
        record(status="failed", error=text)
        if isinstance(error, KeyboardInterrupt) and text.startswith(STOPPED):
            raise CheckFailed(f"retrain: {text}; nothing was registered") from None
        raise
    return entry


def _steps(root: Path, words: list[str], settings: Retraining, record: Any) -> None:
    """prepare, train, evaluate, register: the last one is whole or not at all."""
    config = load_project(root, words)
    if settings.replace_data:
        ensure(config, root, replace=True)
    if settings.labelled_rows:
        write_labelled_rows(root, config, settings.labelled_rows)
    name = train(config, root, "retrain")["run"]
    record(run=name)
    evaluate.run(argparse.Namespace(root=root, run=name, overrides=words))
    folder = register(root, runs.find(root, name))
    champion = versions.aliases(root).get(versions.CHAMPION)
    record(version=folder.name, worse=False)
    if champion is not None:
        found = beside_champion(root, config, folder, versions.resolve(root, champion))
        gain = found["difference"]
        worse = gain is not None and gain["value"] < -settings.max_drop
        record(champion=found, worse=worse)


def beside_champion(root: Path, config: Config, folder: Path, champion: Path) -> Entry:
    """The metric of both on the test part; difference: above 0 where the new one is better."""
    new, old = (read_json(path / evaluate.EVALUATION)["metrics"] for path in (folder, champion))
    name, difference = config.metric, None
    try:
        difference = compare(config, root, folder, champion)["difference"]
        gain = f"{metric_text(name)} {interval_text(difference)}"
        log("", f"gain over version {champion.name}: {gain}")
    except (ValueError, pl.exceptions.PolarsError) as error:
        log("", f"cannot be compared with version {champion.name}: {error}")
    values = {"value": new[name]["value"], "of_champion": old.get(name, {}).get("value")}
    return {"version": champion.name, "metric": name, **values, "difference": difference}


@contextmanager
def budget(minutes: float, entry: Entry, record: Any) -> Iterator[None]:
    """Interrupt this process after so long, and end it after GRACE_S more.

    A fit in C hears of the interruption when it returns to Python, which may be much later.
    """
    text = f"{STOPPED} {minutes:g} minutes of max_minutes in {PATH}"

    def interrupt() -> None:
        entry["error"] = text
        _thread.interrupt_main()

    def end() -> None:
        record(status="failed", error=text)
        os._exit(FAILED)

    seconds = minutes * 60
    timers = [threading.Timer(seconds, interrupt), threading.Timer(seconds + GRACE_S, end)]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


def write_labelled_rows(root: Path, config: Config, name: str) -> None:
    """Write logged rows that have a label, with the target, to a file below root.

    No model learns from them before data.file, or `join` in dataloader/sources.py, takes them in.
    """
    known = read_labels(root).filter(pl.col(LABEL).is_not_null())
    newest = known.unique(ID, keep="last", maintain_order=True).select(ID, LABEL)
    rows = read_predictions(root).filter(pl.col("row").is_not_null())
    found = rows.join(newest, on=ID, maintain_order="left").collect()
    if len(found):
        cells = pl.DataFrame([json.loads(row) for row in found["row"]], infer_schema_length=None)
        table = cells.with_columns(found[LABEL].alias(config.data.target), found[ID])
        with replacing(root / name) as temporary:
            table.write_parquet(temporary)
    log("", f"{len(found)} logged rows have a label: {name}")
