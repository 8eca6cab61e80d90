"""Copy runs of logs/ to MLflow's store in this folder: `track`."""

import argparse
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..executor.evaluate import EVALUATION, REPORT
from ..model.store import DESCRIPTION, MODEL
from ..utils import runs
from ..utils.files import read_json, sha256_of_json
from ..utils.logs import log

STORE, ARTIFACTS = "mlflow.db", "mlruns"
FILES = (runs.RECORD, "log.txt", MODEL, DESCRIPTION, EVALUATION, REPORT)
# Tags: the run's folder in logs/, and the hash of what was copied of it, which is written last.
FOLDER, CONTENT = "run", "content_sha256"
MAX_PARAMETER = 6000  # characters, MLflow's limit


def run(args: argparse.Namespace) -> None:
    """Copy what is missing, and what has been evaluated since; logs/ is only read."""
    from mlflow.exceptions import MlflowException

    client = _client(args.root)
    ended = [one for one in runs.every(args.root) if one.record["status"] != "running"]
    try:
        experiment = _experiment(client, args.root)
        copied = [one for one in ended if _copy(client, experiment, one)]
    except MlflowException as error:
        raise ValueError(f"{STORE}: {error.message}; logs/ is complete, run it again") from error
    log("track", f"{len(copied)} of {len(ended)} runs copied to {STORE}; see `make mlflow-ui`")


def store_of(root: Path) -> str:
    """The address of the store: of this folder, or of your team's server."""
    return f"sqlite:///{(root / STORE).absolute().as_posix()}"


def _client(root: Path) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.tracking import MlflowClient

    for name in ("mlflow", "alembic"):  # they print a line for each table they make
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=store_of(root))


def _experiment(client: Any, root: Path) -> str:
    """The id of the experiment that has this folder's name."""
    name, files = root.absolute().name, (root / ARTIFACTS).absolute().as_uri()
    known = client.get_experiment_by_name(name)
    return str(known.experiment_id if known else client.create_experiment(name, files))


def _copy(client: Any, experiment: str, one: runs.Run) -> bool:
    """Whether this run had to be copied. One that stopped half-way is completed."""
    from mlflow.entities import Metric, Param

    record, path = one.record, one.folder / EVALUATION
    evaluation = read_json(path) if path.is_file() else None
    content = sha256_of_json([record, evaluation])
    found = client.search_runs([experiment], f"tags.{FOLDER} = '{record['run']}'")
    if found and found[0].data.tags.get(CONTENT) == content:
        return False
    id_ = found[0].info.run_id if found else _create(client, experiment, record)
    scored = {**record.get("metrics", {}), "test": evaluation["metrics"] if evaluation else {}}
    ended = _milliseconds(record["finished"])
    metrics = [Metric(name, value, ended, 0) for name, value in _metrics(scored)]
    config = {name: record["config"][name] for name in record["config"] if name != "models"}
    config[record["config"]["model"]] = record["config"]["models"].get(record["config"]["model"])
    params = [Param(name, value[:MAX_PARAMETER]) for name, value in _flat(config)]
    client.log_batch(id_, metrics=metrics, params=params)
    for name in FILES:
        if (one.folder / name).is_file():
            client.log_artifact(id_, str(one.folder / name))
    is_good = record["status"] == "finished"
    client.set_terminated(id_, "FINISHED" if is_good else "FAILED", ended)
    client.set_tag(id_, CONTENT, content)
    return True


def _create(client: Any, experiment: str, record: Mapping[str, Any]) -> str:
    """A new run with its origin as tags."""
    origin = {key: record.get(key) or {} for key in ("data", "trees", "git")}
    tags = {FOLDER: record["run"], "command": record["command"], **dict(_flat(origin))}
    started = _milliseconds(record["started"])
    made = client.create_run(experiment, start_time=started, tags=tags, run_name=record["run"])
    return str(made.info.run_id)


def _metrics(parts: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """`valid.mae`, `valid.mae.low` and `valid.mae.high`, where they are defined."""
    for part, metrics in parts.items():
        for name, found in metrics.items():
            ends = {f"{part}.{name}.{end}": found[end] for end in ("low", "high")}
            values = {f"{part}.{name}": found["value"], **ends}
            yield from ((key, value) for key, value in values.items() if value is not None)


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Nested keys joined by dots, each with its value as JSON."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            name = re.sub(r"[^\w. /-]", "_", f"{above}{key}", flags=re.ASCII)  # MLflow's rule
            yield name, value if isinstance(value, str) else json.dumps(value)


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)
