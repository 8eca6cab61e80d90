"""Which stage of the pipeline changed a number between two runs: `audit --changed`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..evaluation.text import metric_text, number_text
from ..model import store
from ..utils import runs
from ..utils.files import read_json
from ..utils.logs import log
from .records import rules

LEARNT = ("columns", "schema", "preprocessing")  # by the model, before the estimator


def print_changes(root: Path, names: Sequence[str]) -> None:
    """Print what differs between two runs, or versions in models/, in the order of the pipeline."""
    records = [_record(root, name) for name in names]
    metric, stages = records[0]["config"]["metric"], changed_stages(*records)
    for name, record in zip(names, records, strict=True):
        value = number_text(record["metrics"]["valid"][metric]["value"])
        log("changed", f"{name}  {metric_text(metric)} {value} on valid")
    for place, (stage, differences) in enumerate(stages.items()):
        log("", f"{'later' if place else 'first'}     {stage}")
        for text in differences:
            log("", f"          {text}")
    nothing = "no stage differs; what is not recorded: threads, hardware, the environment"
    log("", "later stages may follow from the first" if stages else nothing)


def changed_stages(one: dict[str, Any], other: dict[str, Any]) -> dict[str, list[str]]:
    """Stage -> `key: value -> other value` of each difference between two records."""
    values, others, stages = dict(_leaves(one)), dict(_leaves(other)), rules()["stages"]
    stage_of = {key: stage for stage, keys in stages.items() for key in keys}
    found: dict[str, list[str]] = {stage: [] for stage in stages}
    for key in sorted({*values, *others}):
        place, pair = key, (values.get(key), others.get(key))
        while place and place not in stage_of:
            place = place.rpartition(".")[0]
        if place and pair[0] != pair[1]:
            shown = " -> ".join(str(value)[:40] for value in pair)
            found[stage_of[place]].append(f"{key}: {shown}")
    return {stage: differences for stage, differences in found.items() if differences}


def _record(root: Path, name: str) -> dict[str, Any]:
    """The record of a run or version, with what its model learnt."""
    folder = root / "models" / name
    folder = folder if folder.is_dir() else runs.find(root, name).folder
    learnt = store.read_description(folder)
    return {**read_json(folder / runs.RECORD), **{key: learnt[key] for key in LEARNT}}


def _leaves(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """(`config.data.target`, its value) of each value that is no mapping."""
    if not isinstance(node, dict):
        yield key, node
        return
    for name, inside in node.items():
        yield from _leaves(inside, f"{key}.{name}".removeprefix("."))
