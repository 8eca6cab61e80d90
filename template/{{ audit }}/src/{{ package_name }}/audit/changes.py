"""Which stage of the pipeline changed a number between two runs: `audit --changed`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..evaluation.text import metric_text, number_text
from ..model import store
from ..utils import runs
from ..utils.files import read_json, write_json
from ..utils.logs import log

REPORT = "reports/audit-changed.json"
MAX_SHOWN = 3  # differences of a stage; the others are in the report
# Keys of the record, by stage, in the order of the pipeline; the longest that fits counts.
STAGES = {
    "data": ("data", "config.data"),
    "split": ("config.data.split",),
    "features": ("config.data.ignore", "columns", "schema"),
    "rows": ("data.train", "data.valid", "data.test"),
    "preprocessing": ("preprocessing",),
    "target": ("config.data.target", "config.train.target_transform"),
    "estimator": ("model.name", "model.parameters"),
    "weights": ("config.train.class_weight", "config.data.weight"),
    "seed": ("seed", "model.parameters.random_state", "model.parameters.seed"),
    "code": ("trees.src", "git.commit"),
    "packages": ("environment",),
    "metric": ("config.metric", "config.data.positive"),
}


def print_changes(root: Path, names: tuple[str, str]) -> None:
    """Write reports/audit-changed.json, and print its stages."""
    report = compare_runs(root, names)
    write_json(root / REPORT, report)
    values = [f"{name} {number_text(value)}" for name, value in report["values"].items()]
    log("changed", f"{metric_text(report['metric'])} on valid: {', '.join(values)}")
    for stage, differences in report["stages"].items():
        log("", f"{'first' if stage == report['first'] else 'later'}     {stage}")
        for place, pair in differences[:MAX_SHOWN]:
            log("", f"          {place}: {' -> '.join(str(value)[:40] for value in pair)}")
    if not report["stages"]:
        log("", "no stage differs; what is not recorded: threads, hardware, the environment")
    log("", f"record    {REPORT}; later stages may follow from the first")


def compare_runs(root: Path, names: tuple[str, str]) -> dict[str, Any]:
    """Which stages of the pipeline differ between two runs, or versions in models/.

    metric: of the first; values: on valid, by name. stages: in the order of the pipeline, each
    with (key, (value, other value)) of what differs. Later ones may follow from the first.
    """
    records = {name: _record(root, name) for name in names}
    one, other = (dict(_leaves(records[name], "")) for name in names)
    found: dict[str, list[Any]] = {stage: [] for stage in STAGES}
    for key in sorted({*one, *other}):
        pair, stage = (one.get(key), other.get(key)), _stage(key)
        if pair[0] != pair[1] and stage is not None:
            found[stage].append((key, pair))
    stages = {stage: differences for stage, differences in found.items() if differences}
    metric = records[names[0]]["config"]["metric"]
    scores = {name: record["metrics"]["valid"][metric] for name, record in records.items()}
    values = {name: score["value"] for name, score in scores.items()}
    return {"metric": metric, "values": values, "first": next(iter(stages), None), "stages": stages}


def _record(root: Path, name: str) -> dict[str, Any]:
    """The record of a run or version, with what its model learnt before the estimator."""
    folder = root / "models" / name
    if not (folder / runs.RECORD).is_file():
        folder = runs.find(root, name).folder
    learnt = store.read_description(folder)
    of_model = {key: learnt[key] for key in ("columns", "schema", "preprocessing")}
    return {**read_json(folder / runs.RECORD), **of_model}


def _leaves(node: Any, key: str) -> Iterator[tuple[str, Any]]:
    """(`config.data.target`, its value) of each value that is no mapping."""
    if not isinstance(node, dict):
        yield key, node
        return
    for name, inside in node.items():
        yield from _leaves(inside, f"{key}.{name}" if key else str(name))


def _stage(key: str) -> str | None:
    """The stage of the longest key in STAGES that this one is or lies below."""
    pairs = [(part, stage) for stage, parts in STAGES.items() for part in parts]
    fitting = [(len(part), stage) for part, stage in pairs if f"{key}.".startswith(f"{part}.")]
    return max(fitting)[1] if fitting else None
