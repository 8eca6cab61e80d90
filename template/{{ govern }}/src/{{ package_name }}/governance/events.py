"""Runs of this project as OpenLineage events (https://openlineage.io/spec/2-0-2)."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from ..dataloader.manifest import read_manifest
from ..monitoring.log import read_predictions
from ..registry.versions import MODELS, numbers, resolve
from ..utils import runs
from ..utils.files import read_json

PRODUCER = f"urn:project:{__name__.partition('.')[0]}"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
VERSION = "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
FACET = {"_producer": PRODUCER, "_schemaURL": VERSION}
Event = dict[str, Any]
STATE = {"finished": "COMPLETE", "failed": "FAIL", "interrupted": "ABORT", "running": "RUNNING"}


def event(
    job: str,
    run: str,
    time: str,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    state: str = "COMPLETE",
) -> Event:
    """One run event. inputs, outputs: name of a dataset -> its SHA-256 or version."""
    return {
        "eventType": state,
        "eventTime": time,
        "producer": PRODUCER,
        "schemaURL": SPEC,
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}/{job}/{run}"))},
        "job": {"namespace": PRODUCER, "name": job},
        "inputs": _datasets(inputs),
        "outputs": _datasets(outputs),
    }


def _datasets(named: Mapping[str, str]) -> list[Event]:
    facets = {name: {"version": FACET | {"datasetVersion": value}} for name, value in named.items()}
    return [{"namespace": PRODUCER, "name": n, "facets": facet} for n, facet in facets.items()]


def all_events(root: Path) -> Iterator[Event]:
    """prepare, each run, each registered version, and each day of predictions by a version."""
    if manifest := read_manifest(root):
        yield _prepared(root, manifest)
    for one in runs.every(root):
        if "data" in one.record:
            yield _trained(one.record)
    for number in numbers(root):
        record = read_json(resolve(root, str(number)) / runs.RECORD)
        made = {f"{MODELS}/{number}": record["model"]["sha256"]}
        source = {f"logs/{record['run']}": record["model"]["sha256"]}
        yield event("register", str(number), record["finished"], source, made)
    yield from _predicted(root)


def _prepared(root: Path, manifest: Event) -> Event:
    files = {one["file"]: one["sha256"] for one in manifest["files"]}
    parts = {f"data/{k}": one["sha256"] for k, one in manifest["split"]["parts"].items()}
    written = (root / "data" / "manifest.json").stat().st_mtime
    time = datetime.fromtimestamp(written).astimezone().isoformat()
    return event("prepare", manifest["split"]["fingerprint"], time, files, parts)


def _trained(record: Event) -> Event:
    parts = {f"data/{name}": record["data"][name] for name in ("train", "valid")}
    made = {f"logs/{record['run']}": record["model"]["sha256"]} if "model" in record else {}
    state = STATE[record["status"]]
    time = str(record.get("finished", record["started"]))
    return event(record["command"], record["run"], time, parts, made, state)


def _predicted(root: Path) -> Iterator[Event]:
    day = pl.col("time").dt.date().alias("day")
    groups = (
        read_predictions(root).group_by("model_version", day).agg(pl.len(), pl.col("time").max())
    )
    for version, date, n_rows, last in groups.sort("day", "model_version").collect().rows():
        served = {f"data/served/predictions/{date}": f"{n_rows} rows"}
        source = {f"{MODELS}/{version}": str(version)}
        yield event("predict", f"{version}/{date}", last.isoformat(), source, served)
