"""Where a prediction comes from: `lineage PREDICTION_ID`; `lineage --events` writes all runs."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..dataloader.manifest import hashes_of, is_complete, read_manifest
from ..model import store
from ..registry.versions import numbers, resolve
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, sha256_of_json, write_text
from ..utils.logs import log
from ..utils.provenance import git
from .events import all_events
from .recompute import find_logged
from .signatures import SIGNATURE

EVENTS = Path("reports", "openlineage.jsonl")


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
    """Print each link; raises CheckFailed with those that are broken."""
    if args.events:
        lines = [json.dumps(one) for one in all_events(args.root)]
        write_text(args.root / EVENTS, "".join(f"{line}\n" for line in lines))
        log("lineage", f"{len(lines)} events in {EVENTS.as_posix()}")
    if args.prediction is None and not args.events:
        raise ValueError("command line: lineage needs a prediction id, or --events")
    links = list(follow(args.root, args.prediction)) if args.prediction else []
    for number, one in enumerate(links):
        tag = "" if number else "lineage"
        log(tag, f"{one.name:<14}{one.value}{'  BROKEN' * bool(one.fault)}")
    if broken := [f"{one.name} ({one.value}): {one.fault}" for one in links if one.fault]:
        raise CheckFailed("\n".join(broken))


def follow(root: Path, prediction: str) -> Iterator[Link]:
    """The links from a prediction to its data; ends where nothing can be known behind one."""
    logged = find_logged(root, prediction)
    yield Link("prediction", f"{prediction} of {logged['time']:%Y-%m-%d %H:%M:%S} UTC")
    yield Link("row", _short(logged["row_sha256"]), "" if logged["row"] else "was not logged")
    number = logged["model_version"]
    if number not in map(str, numbers(root)):
        yield Link("model version", number, "models/ has no such version")
        return
    folder = resolve(root, number)
    record = read_json(folder / runs.RECORD)
    yield _model(folder, record)
    signed = "signed" if (folder / SIGNATURE).is_file() else "not signed"
    yield Link("signature", signed)
    is_kept = (root / runs.LOGS / record["run"]).is_dir()
    yield Link("run", record["run"], "" if is_kept else f"{runs.LOGS}/ has no such run")
    yield _commit(root, record)
    same = sha256_of_json(record["config"]) == record["config_sha256"]
    fault = "" if same else "the configuration in run.json is not the one with this hash"
    yield Link("configuration", _short(record["config_sha256"]), fault)
    yield from _data(root, record)


def _model(folder: Path, record: dict[str, Any]) -> Link:
    name = f"{folder.name}, {record['model']['name']} {_short(record['model']['sha256'])}"
    try:
        found = store.read_description(folder)["sha256"]
    except ValueError as error:
        return Link("model version", name, str(error))
    same = found == record["model"]["sha256"]
    return Link("model version", name, "" if same else "run.json names another model file")


def _commit(root: Path, record: dict[str, Any]) -> Link:
    commit, dirty = record["git"]["commit"], record["git"]["dirty"]
    if commit is None:
        return Link("commit", "none", "the run was not in git")
    if git(root, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        return Link("commit", commit[:12], "this clone does not have it")
    return Link("commit", commit[:12], "with changes that were not committed" if dirty else "")


def _data(root: Path, record: dict[str, Any]) -> Iterator[Link]:
    manifest = read_manifest(root)
    same = manifest is not None and hashes_of(manifest) == record["data"]
    fault = "" if same else "data/manifest.json is of other data now; git keeps the old one"
    for name, sha256 in record["data"].items():
        yield Link(f"data {name}", _short(sha256), fault)
    if manifest is not None and same:
        rows = manifest["split"]["parts"]["train"]["rows"]
        there = is_complete(root, manifest)
        text = f"{rows} of {manifest['files'][0]['file']}"
        yield Link("rows of train", text, "" if there else "a file is missing or has changed")


def _short(sha256: str | None) -> str:
    return "none" if sha256 is None else sha256[:12]
