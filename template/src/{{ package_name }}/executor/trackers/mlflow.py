"""Runs in MLflow's own store beside logs/: mlflow.db and mlruns/ in this folder, no server."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ...utils.runs import RECORD, Run

STORE, ARTIFACTS = "mlflow.db", "mlruns"
# What a name may consist of in MLflow; a mapping with other keys, such as columns, is one value.
NAME = re.compile(r"[\w.\- /]+", re.ASCII)
LONGEST = 6000
FILES = (RECORD, "model.skops", "model.json", "log.txt")
EVALUATED = ("evaluation.json", "report.html")
# The run's name in logs/, by which a run is found again.
FOLDER = "run"


def track(root: Path, run: Run) -> None:
    """A run that is over: parameters, metrics with intervals, where it comes from, its files."""
    client, record = _client(root), run.record
    id_ = _begin(client, root, record)
    metrics = dict(_metrics(record.get("metrics", {})))
    params = {f"config.{key}": value for key, value in _flat(_used(record["config"]))}
    _log(client, id_, metrics, params, _millis(record["finished"]))
    _add_files(client, id_, run.folder, FILES)
    status = "FINISHED" if record["status"] == "finished" else "FAILED"
    client.set_terminated(id_, status, _millis(record["finished"]))


def evaluated(root: Path, run: Run, evaluation: Mapping[str, Any]) -> None:
    """The same run, judged: metrics on test, and the report."""
    client = _client(root)
    id_ = _find(client, run.record["run"])
    if id_ is None:  # trained before there was a tracker
        track(root, run)
        id_ = _find(client, run.record["run"])
    metrics = dict(_metrics({evaluation["split"]: evaluation["metrics"]}))
    _log(client, str(id_), metrics, {}, _millis(evaluation["created"]))
    _add_files(client, str(id_), run.folder, EVALUATED)


def store_of(root: Path) -> str:
    """The address of the store, for anybody who wants to read it."""
    return f"sqlite:///{(root / STORE).absolute().as_posix()}"


def _client(root: Path) -> Any:
    """MLflow's client and nothing more of it; it takes no telemetry from here."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.tracking import MlflowClient

    # It tells each of the thirty tables that it makes.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=store_of(root))


def _begin(client: Any, root: Path, record: Mapping[str, Any]) -> str:
    tags = {FOLDER: record["run"], "command": record["command"]}
    tags |= {f"data.{name}": value for name, value in record.get("data", {}).items()}
    tags |= {f"trees.{name}": value for name, value in record["trees"].items()}
    tags |= {f"git.{name}": str(value) for name, value in record["git"].items()}
    if record["git"]["commit"]:
        tags["mlflow.source.git.commit"] = record["git"]["commit"]
    if record.get("study"):
        tags["study"] = record["study"]
    made = client.create_run(
        _experiment(client, root),
        start_time=_millis(record["started"]),
        tags=tags,
        run_name=record["run"],
    )
    return str(made.info.run_id)


def _experiment(client: Any, root: Path) -> str:
    name = root.absolute().name
    known = client.get_experiment_by_name(name)
    if known is not None:
        return str(known.experiment_id)
    return str(client.create_experiment(name, (root / ARTIFACTS).absolute().as_uri()))


def _find(client: Any, run: str) -> str | None:
    known = [one.experiment_id for one in client.search_experiments()]
    found = client.search_runs(known, f"tags.{FOLDER} = '{run}'", max_results=1)
    return found[0].info.run_id if found else None


def _log(
    client: Any, id_: str, metrics: Mapping[str, float], params: Mapping[str, Any], at: int
) -> None:
    from mlflow.entities import Metric, Param

    client.log_batch(
        id_,
        metrics=[Metric(name, value, at, 0) for name, value in metrics.items()],
        params=[Param(name, _text(value)) for name, value in params.items()],
    )


def _metrics(by_part: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """`valid.mae`, `valid.mae.low` and `valid.mae.high`."""
    for part, metrics in by_part.items():
        for name, found in metrics.items():
            yield f"{part}.{name}", found["value"]
            yield f"{part}.{name}.low", found["low"]
            yield f"{part}.{name}.high", found["high"]


def _used(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without the parameters of models that were not used."""
    return {**config, "models": {config["model"]: config["models"][config["model"]]}}


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value and all(map(NAME.fullmatch, value)):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:LONGEST]


def _add_files(client: Any, id_: str, folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if (folder / name).is_file():
            client.log_artifact(id_, str(folder / name))


def _millis(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
