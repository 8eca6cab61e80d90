"""Gaps between a model, its record, its data and its reports; what changed between two runs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..dataloader.manifest import hashes_of
from ..dataloader.split import PARTS
from ..model import store
from ..utils import runs
from ..utils.files import read_json, sha256_of_file
from .findings import Finding
from .records import Records

SEEDS = ("random_state", "seed")  # of an estimator; the record has the seed of the run


def find_gaps(records: Records) -> Iterator[Finding]:
    """Findings of the newest run, the champion and the reports."""
    run, champion = records.run, records.champion
    if run is not None:
        yield from _of_record(records, run.folder)
        if records.manifest is not None:
            yield from _of_data(records, run.record["data"], hashes_of(records.manifest))
        yield from _of_reports(records, run.folder.name)
    if champion is not None:
        yield from _of_record(records, champion)


def _of_record(records: Records, folder: Path) -> Iterator[Finding]:
    file = records.name(folder / runs.RECORD)
    record = records.json(file)
    if not record.get("model"):
        yield records.finding("lineage.no-record", f"no record of {records.name(folder)}", file)
        return
    git = record["git"]
    if git["commit"] is None:
        yield records.finding("lineage.no-commit", "git.commit is null", file, "git", "commit")
    elif git["dirty"]:
        seen = f"uncommitted changes on {git['commit'][:10]}"
        yield records.finding("lineage.dirty", seen, file, "git", "dirty")
    model = folder / store.MODEL
    found = sha256_of_file(model) if model.is_file() else "no file"
    if found != record["model"]["sha256"]:
        seen = f"{model.name} is {found[:12]}, the record has {record['model']['sha256'][:12]}"
        yield records.finding("lineage.model-changed", seen, file, "model", "sha256")


def _of_data(
    records: Records, recorded: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[Finding]:
    assert records.run is not None
    file = f"logs/{records.run.folder.name}/{runs.RECORD}"
    for name in sorted({*recorded, *now}):
        one, other = recorded.get(name, "absent"), now.get(name, "absent")
        if one != other:
            seen = f"{name} was {one[:12]}, data/ has {other[:12]}"
            yield records.finding("lineage.data", seen, file, "data", name)


def _of_reports(records: Records, newest: str) -> Iterator[Finding]:
    for path in sorted((records.root / "reports").glob("*.json")):
        file, content = records.name(path), read_json(path)
        about = content.get("run") if isinstance(content, dict) else None
        if isinstance(about, str) and about != newest and path.stem != "audit":
            seen = f"of run {about}; the newest is {newest}"
            yield records.finding("lineage.report-stale", seen, file, "run")


def compare_runs(root: Path, names: tuple[str, str]) -> dict[str, Any]:
    """Which stages of the pipeline differ between two runs, or versions in models/.

    metric: of the first; runs: its value on valid of each. stages: name, and for each difference
    its place and the two values, in the order of the pipeline. Later ones may follow from the
    first.
    """
    folders = [_folder(root, name) for name in names]
    records = [dict(read_json(folder / runs.RECORD)) for folder in folders]
    described = [store.read_description(folder) for folder in folders]
    one, other = map(_stages, records, described)
    stages = []
    for stage in one:
        changed = dict(_differences(one[stage], other[stage], ""))
        if changed:
            entries = [{"place": key, "values": list(pair)} for key, pair in changed.items()]
            stages.append({"stage": stage, "differences": entries})
    metric = records[0]["config"]["metric"]
    values = [record["metrics"]["valid"][metric]["value"] for record in records]
    shown = [{"run": name, "value": value} for name, value in zip(names, values, strict=True)]
    return {
        "metric": metric,
        "runs": shown,
        "first": stages[0]["stage"] if stages else None,
        "stages": stages,
    }


def _folder(root: Path, name: str) -> Path:
    version = root / "models" / name
    return version if (version / runs.RECORD).is_file() else runs.find(root, name).folder


def _stages(record: Mapping[str, Any], description: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a number, by stage, in the order in which the pipeline uses it."""
    config, model, hashes = record["config"], record["model"], record["data"]
    data, train = config["data"], config["train"]
    of_others = ("split", "ignore", "target", "weight", "positive")
    parameters = {key: value for key, value in model["parameters"].items() if key not in SEEDS}
    return {
        "data": {
            "files": {name: value for name, value in hashes.items() if name not in PARTS},
            "settings": {key: value for key, value in data.items() if key not in of_others},
        },
        "split": data["split"],
        "features": {key: description[key] for key in ("columns", "schema")},
        "rows": {name: hashes[name] for name in PARTS},
        "preprocessing": description["preprocessing"],
        "target": {"name": data["target"], "transform": train["target_transform"]},
        "estimator": {"model": model["name"], **parameters},
        "weights": {"class": train["class_weight"], "column": data["weight"]},
        "seed": record["seed"],
        "code": {"src": record["trees"]["src"], "commit": record["git"]["commit"]},
        "packages": record["environment"],
        "metric": {"metric": config["metric"], "positive": data["positive"]},
    }


def _differences(one: Any, other: Any, place: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """(place, (value, other value)) of each leaf that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            inside = f"{place}.{key}" if place else str(key)
            yield from _differences(one.get(key), other.get(key), inside)
    elif one != other:
        yield place, (one, other)
