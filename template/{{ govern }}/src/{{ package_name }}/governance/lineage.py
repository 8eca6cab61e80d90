"""Where a prediction comes from, and whether it comes out again: `lineage PREDICTION_ID`."""

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ..dataloader.manifest import hashes_of, is_complete, read_manifest
from ..model import store
from ..monitoring.log import read_predictions
from ..registry.versions import numbers, resolve
from ..serving.model_version import Output
from ..serving.requests import column_types, row_model, typed_table
from ..serving.serve import load_version
from ..serving.settings import load_service
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, sha256_of_file, sha256_of_json
from ..utils.logs import log
from ..utils.provenance import git

TOLERANCE = 1e-6  # of a probability, or relative: rows of one request are predicted together


class Link(NamedTuple):
    """One step back. fault: what is wrong where the link does not hold."""

    name: str
    value: str
    holds: bool
    fault: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The prediction."""
    parser.add_argument("prediction", metavar="PREDICTION_ID", help="as in the response")


def run(args: argparse.Namespace) -> None:
    """Print each link; raises CheckFailed with those that are broken."""
    broken = []
    for one in follow(args.root, find_logged(args.root, args.prediction)):
        log("lineage", f"{one.name:<14} {one.value}{'' if one.holds else '  BROKEN'}")
        broken += [] if one.holds else [f"{one.name} ({one.value}): {one.fault}"]
    if broken:
        raise CheckFailed("\n".join(broken))


def find_logged(root: Path, prediction: str) -> dict[str, Any]:
    """The line of the prediction log, with its texts parsed; raises ValueError without one."""
    rows = read_predictions(root).filter(pl.col("prediction_id") == prediction).collect()
    if not len(rows):
        raise ValueError(f"data/served/predictions/: no prediction '{prediction}'; purged?")
    found = rows.row(0, named=True)
    return found | {key: json.loads(found[key] or "null") for key in ("probabilities", "row")}


def follow(root: Path, logged: dict[str, Any]) -> Iterator[Link]:
    """The links from a prediction to its data; ends where nothing can be known behind one."""
    number, row = logged["model_version"], logged["row"]
    yield Link("row", str(logged["row_sha256"])[:12], row is not None, "was not logged")
    if number not in map(str, numbers(root)):
        yield Link("model version", number, False, "models/ has no such version")
        return
    folder = resolve(root, number)
    record = read_json(folder / runs.RECORD)
    is_saved = sha256_of_file(folder / store.MODEL) == record["model"]["sha256"]
    yield Link("model version", number, is_saved, "its model is not the one that the run saved")
    is_there = (root / runs.LOGS / record["run"]).is_dir()
    yield Link("run", record["run"], is_there, f"{runs.LOGS}/ has no such run")
    commit, dirty = str(record["git"]["commit"]), record["git"]["dirty"]
    is_there = git(root, "cat-file", "-e", f"{commit}^{{commit}}") is not None
    fault = "is not in this clone, or changes were not committed"
    yield Link("commit", commit[:12], is_there and not dirty, fault)
    sha256 = record["config_sha256"]
    same = sha256_of_json(record["config"]) == sha256
    yield Link("configuration", sha256[:12], same, "run.json holds another one")
    yield from _data(root, record)
    if row is not None and is_saved:
        found = recompute(root, logged)
        equal = is_equal(found, logged)
        yield Link("computed again", str(found["prediction"]), equal, "the log has another result")


def _data(root: Path, record: dict[str, Any]) -> Iterator[Link]:
    manifest = read_manifest(root) or {}
    same = bool(manifest) and hashes_of(manifest) == record["data"]
    fault = "data/manifest.json is of other data now; git keeps the old one"
    for name, sha256 in record["data"].items():
        yield Link(f"data {name}", sha256[:12], same, fault)
    if same:
        text = f"{manifest['split']['parts']['train']['rows']} of {manifest['files'][0]['file']}"
        there = is_complete(root, manifest)
        yield Link("rows of train", text, there, "a file is missing or has changed")


def recompute(root: Path, logged: dict[str, Any]) -> Output:
    """What the version that was served predicts for the row that was served.

    Raises ValueError where conf/monitoring.yaml masks a column, or the version is refused now.
    """
    version = load_version(root, load_service(root), logged["model_version"])
    if logged["source"] == "fallback":  # why it was used is a fact of that moment
        return version.fallback(logged["reason"])
    if missing := set(version.schema.columns) - set(logged["row"]):
        raise ValueError(f"the row was logged without {sorted(missing)[0]}, which log.mask hides")
    row = row_model(version.schema).model_validate(logged["row"])
    return version.predict(typed_table(column_types(version.schema), [row]))[0]


def is_equal(found: Output, logged: dict[str, Any]) -> bool:
    """The same class with the same probabilities, or the same number."""
    if (shares := found["probabilities"]) is None:
        return math.isclose(found["prediction"], float(logged["prediction"]), rel_tol=TOLERANCE)
    pairs = [(share, logged["probabilities"][name]) for name, share in shares.items()]
    same = all(math.isclose(*pair, abs_tol=TOLERANCE) for pair in pairs)
    return same and found["prediction"] == logged["prediction"]
