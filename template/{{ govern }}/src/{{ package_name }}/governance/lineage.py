"""Where a prediction comes from: `lineage PREDICTION_ID`; `lineage --events` writes all runs."""

import argparse
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ..dataloader.manifest import hashes_of, is_complete, read_manifest
from ..model import store
from ..monitoring.log import read_predictions
from ..registry.versions import MODELS, numbers, resolve
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, sha256_of_json, write_text
from ..utils.logs import log
from ..utils.provenance import git
from .recompute import find_logged

EVENTS = Path("reports", "openlineage.jsonl")
PRODUCER = f"urn:project:{__name__.partition('.')[0]}"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
VERSION = "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
FACET = {"_producer": PRODUCER, "_schemaURL": VERSION}
STATE = {"finished": "COMPLETE", "failed": "FAIL", "interrupted": "ABORT", "running": "RUNNING"}
Event = dict[str, Any]


class Link(NamedTuple):
    """One step back. fault: why it cannot be followed; empty if it can."""

    name: str
    value: str
    fault: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The prediction, or `--events`."""
    parser.add_argument("prediction", metavar="PREDICTION_ID", nargs="?", help="as in the response")
    text = f"write {EVENTS.as_posix()} in the format of OpenLineage"
    parser.add_argument("--events", action="store_true", help=text)


def run(args: argparse.Namespace) -> None:
    """Write the events, or print each link; raises CheckFailed with those that are broken."""
    if args.events:
        lines = [f"{json.dumps(one)}\n" for one in all_events(args.root)]
        write_text(args.root / EVENTS, "".join(lines))
        return log("lineage", f"{len(lines)} events in {EVENTS.as_posix()}")
    if args.prediction is None:
        raise ValueError("command line: lineage needs a prediction id, or --events")
    links = list(follow(args.root, args.prediction))
    for one in links:
        log("lineage", f"{one.name:<14}{one.value}{'  BROKEN' * bool(one.fault)}")
    if broken := [f"{one.name} ({one.value}): {one.fault}" for one in links if one.fault]:
        raise CheckFailed("\n".join(broken))


def follow(root: Path, prediction: str) -> Iterator[Link]:
    """The links from a prediction to its data; ends where nothing can be known behind one."""
    logged = find_logged(root, prediction)
    yield Link("prediction", f"{prediction} of {logged['time']:%Y-%m-%d %H:%M:%S} UTC")
    yield Link("row", str(logged["row_sha256"])[:12], "" if logged["row"] else "was not logged")
    number = logged["model_version"]
    if number not in map(str, numbers(root)):
        yield Link("model version", number, "models/ has no such version")
        return
    folder = resolve(root, number)
    record = read_json(folder / runs.RECORD)
    yield _model(folder, record)
    is_kept = (root / runs.LOGS / record["run"]).is_dir()
    yield Link("run", record["run"], "" if is_kept else f"{runs.LOGS}/ has no such run")
    yield _commit(root, record)
    same = sha256_of_json(record["config"]) == record["config_sha256"]
    fault = "" if same else "the configuration in run.json is not the one with this hash"
    yield Link("configuration", record["config_sha256"][:12], fault)
    yield from _data(root, record)


def _model(folder: Path, record: Event) -> Link:
    name = f"{folder.name}, {record['model']['name']} {record['model']['sha256'][:12]}"
    try:
        same = store.read_description(folder)["sha256"] == record["model"]["sha256"]
    except ValueError as error:
        return Link("model version", name, str(error))
    return Link("model version", name, "" if same else "run.json names another model file")


def _commit(root: Path, record: Event) -> Link:
    commit, dirty = record["git"]["commit"], record["git"]["dirty"]
    if commit is None:
        return Link("commit", "none", "the run was not in git")
    if git(root, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        return Link("commit", commit[:12], "this clone does not have it")
    return Link("commit", commit[:12], "with changes that were not committed" if dirty else "")


def _data(root: Path, record: Event) -> Iterator[Link]:
    manifest = read_manifest(root)
    same = manifest is not None and hashes_of(manifest) == record["data"]
    fault = "" if same else "data/manifest.json is of other data now; git keeps the old one"
    for name, sha256 in record["data"].items():
        yield Link(f"data {name}", sha256[:12], fault)
    if manifest is not None and same:
        text = f"{manifest['split']['parts']['train']['rows']} of {manifest['files'][0]['file']}"
        there = is_complete(root, manifest)
        yield Link("rows of train", text, "" if there else "a file is missing or has changed")


def all_events(root: Path) -> Iterator[Event]:
    """prepare, each run, each registered version, and each day of predictions by a version."""
    if manifest := read_manifest(root):
        files = {one["file"]: one["sha256"] for one in manifest["files"]}
        parts = {f"data/{k}": one["sha256"] for k, one in manifest["split"]["parts"].items()}
        written = (root / "data" / "manifest.json").stat().st_mtime
        time = datetime.fromtimestamp(written).astimezone().isoformat()
        yield _event("prepare", manifest["split"]["fingerprint"], time, files, parts)
    for record in (one.record for one in runs.every(root) if "data" in one.record):
        yield _trained(record)
    for number in map(str, numbers(root)):
        record = read_json(resolve(root, number) / runs.RECORD)
        sha256 = record["model"]["sha256"]
        source, made = {f"logs/{record['run']}": sha256}, {f"{MODELS}/{number}": sha256}
        yield _event("register", number, record["finished"], source, made)
    days = read_predictions(root).group_by("model_version", pl.col("time").dt.date().alias("day"))
    counted = days.agg(pl.len(), pl.col("time").max()).sort("day", "model_version").collect()
    for version, day, n_rows, last in counted.rows():
        source, made = {f"{MODELS}/{version}": version}, {f"data/served/{day}": f"{n_rows} rows"}
        yield _event("predict", f"{version}/{day}", last.isoformat(), source, made)


def _trained(record: Event) -> Event:
    parts = {f"data/{name}": record["data"][name] for name in ("train", "valid")}
    made = {f"logs/{record['run']}": record["model"]["sha256"]} if "model" in record else {}
    time = str(record.get("finished", record["started"]))
    event = _event(record["command"], record["run"], time, parts, made)
    return event | {"eventType": STATE[record["status"]]}


def _event(job: str, run: str, time: str, inputs: dict[str, str], outputs: dict[str, str]) -> Event:
    """One run event. inputs, outputs: name of a dataset -> its SHA-256 or version."""
    return {
        "eventType": "COMPLETE",
        "eventTime": time,
        "producer": PRODUCER,
        "schemaURL": SPEC,
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}/{job}/{run}"))},
        "job": {"namespace": PRODUCER, "name": job},
        "inputs": [_dataset(*one) for one in inputs.items()],
        "outputs": [_dataset(*one) for one in outputs.items()],
    }


def _dataset(name: str, version: str) -> Event:
    facets = {"version": FACET | {"datasetVersion": version}}
    return {"namespace": PRODUCER, "name": name, "facets": facets}
