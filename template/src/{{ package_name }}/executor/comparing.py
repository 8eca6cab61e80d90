"""What two runs have in common, and what not; all of it from their records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]
# The part that a run is steered by: valid, or the folds of train that a trial is scored on.
PARTS = ("valid", "folds")


def line_of(record: Record) -> dict[str, Any]:
    """A run in one line of a list."""
    metric = record["config"]["metric"]
    part = next((name for name in PARTS if name in record.get("metrics", {})), None)
    return {
        "run": record["run"],
        "command": record["command"],
        "status": record["status"],
        "started": record["started"],
        "seconds": record.get("seconds"),
        "model": record["config"]["model"],
        "metric": metric,
        "part": part,
        "value": record["metrics"][part].get(metric) if part else None,
        "commit": record["git"]["commit"],
        "dirty": record["git"]["dirty"],
        "study": record.get("study"),
        "parameters": record["config"]["models"][record["config"]["model"]],
    }


def compare(one: Record, other: Record) -> dict[str, Any]:
    """The keys that differ, each with both values, and the metrics of both with their intervals."""
    return {
        "runs": [one["run"], other["run"]],
        "config": _different(_used(one["config"]), _used(other["config"])),
        "data": _different(one.get("data", {}), other.get("data", {})),
        "code": _different(_code(one), _code(other)),
        "environment": _different(one["environment"], other["environment"]),
        "metrics": _metrics(one.get("metrics", {}), other.get("metrics", {})),
    }


def _used(config: Record) -> dict[str, Any]:
    """The configuration without the parameters of models that were not used."""
    return {**config, "models": {config["model"]: config["models"][config["model"]]}}


def _code(record: Record) -> dict[str, Any]:
    return {"git": record["git"], "trees": record["trees"]}


def _different(one: Record, other: Record) -> dict[str, list[Any]]:
    left, right = dict(_flat(one)), dict(_flat(other))
    names = list(dict.fromkeys([*left, *right]))
    return {
        name: [left.get(name), right.get(name)]
        for name in names
        if left.get(name) != right.get(name)
    }


def _flat(values: Record, above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _metrics(one: Record, other: Record) -> dict[str, dict[str, list[Any]]]:
    """By part and metric: the value of the one and of the other, None where it has none."""
    found: dict[str, dict[str, list[Any]]] = {}
    for part in dict.fromkeys([*one, *other]):
        left, right = one.get(part, {}), other.get(part, {})
        found[part] = {
            name: [left.get(name), right.get(name)] for name in dict.fromkeys([*left, *right])
        }
    return found
