"""Which stage of the pipeline changed a number between two runs: `audit --changed`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..dataloader.split import PARTS
from ..evaluation.report import metric_text, number_text
from ..model import store
from ..utils import runs
from ..utils.files import read_json, write_json
from ..utils.logs import log

REPORT = "reports/audit-changed.json"
MAX_SHOWN = 3  # differences of a stage; the others are in the report
SEEDS = ("random_state", "seed")  # of an estimator; the record has the seed of the run


def print_changes(root: Path, names: tuple[str, str]) -> None:
    """Write reports/audit-changed.json, and print its stages."""
    report = compare_runs(root, names)
    write_json(root / REPORT, report)
    values = [f"{name} {number_text(value)}" for name, value in report["values"].items()]
    log("changed", f"{metric_text(report['metric'])} on valid: {', '.join(values)}")
    for stage in report["stages"]:
        place = "first" if stage["stage"] == report["first"] else "later"
        log("", f"{place}     {stage['stage']}")
        for one in stage["differences"][:MAX_SHOWN]:
            shown = " -> ".join(str(value)[:40] for value in one["values"])
            log("", f"          {one['place']}: {shown}")
    if not report["stages"]:
        log("", "no stage differs; what is not recorded: threads, hardware, the environment")
    log("", f"record    {REPORT}; later stages may follow from the first")


def compare_runs(root: Path, names: tuple[str, str]) -> dict[str, Any]:
    """Which stages of the pipeline differ between two runs, or versions in models/.

    metric: of the first; values: on valid, by name. stages: in the order of the pipeline, with
    the place and the two values of each difference. Later ones may follow from the first.
    """
    folders = [_folder(root, name) for name in names]
    records = [dict(read_json(folder / runs.RECORD)) for folder in folders]
    described = [store.read_description(folder) for folder in folders]
    one, other = map(_stages, records, described)
    differences = {stage: list(_differences(one[stage], other[stage], "")) for stage in one}
    stages = [{"stage": name, "differences": found} for name, found in differences.items() if found]
    metric = records[0]["config"]["metric"]
    values = [record["metrics"]["valid"][metric]["value"] for record in records]
    first = stages[0]["stage"] if stages else None
    named = dict(zip(names, values, strict=True))
    return {"metric": metric, "values": named, "first": first, "stages": stages}


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


def _differences(one: Any, other: Any, place: str) -> Iterator[dict[str, Any]]:
    """The place and the two values of each leaf that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            inside = f"{place}.{key}" if place else str(key)
            yield from _differences(one.get(key), other.get(key), inside)
    elif one != other:
        yield {"place": place, "values": [one, other]}
