"""MLflow where it was chosen: what it holds and costs; where it was not, nothing of it."""

import json
import resource
import shutil
from pathlib import Path

import pytest

from tests.conftest import run

MOST_SECONDS = 5
READ = """
import json, os
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
from mlflow.tracking import MlflowClient
client = MlflowClient(tracking_uri="sqlite:///mlflow.db")
known = [one.experiment_id for one in client.search_experiments()]
(found,) = client.search_runs(known)
files = sorted(one.path for one in client.list_artifacts(found.info.run_id))
print(json.dumps([found.data.metrics, found.data.params, found.data.tags, files]))
"""


def cpu_seconds(*command: str, cwd: Path) -> float:
    """What a command and its children computed: other work on the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*command, cwd=cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.slow
def test_a_training_is_read_back_from_mlflow_and_costs_little_more(installed_project, tmp_path):
    project = tmp_path / "project"
    made = installed_project(scaffold="mvp", tracker="mlflow")
    shutil.copytree(made, project, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    run("uv", "sync", "--quiet", "--group", "tracking", cwd=project)
    run("make", "train", "evaluate", cwd=project)
    record = json.loads((project / "reports/run.json").read_text())
    evaluation = json.loads((project / "reports/evaluation.json").read_text())
    said = run("uv", "run", "--no-sync", "python", "-c", READ, cwd=project).stdout
    metrics, params, tags, files = json.loads(said.splitlines()[-1])

    for part, scores in {**record["metrics"], "test": evaluation["metrics"]}.items():
        for name, score in scores.items():
            assert metrics[f"{part}.{name}"] == score["value"]
            assert metrics[f"{part}.{name}.low"] == score["low"]
            assert metrics[f"{part}.{name}.high"] == score["high"]
    assert params["config.model"] == "logistic"
    assert tags["run"] == record["run"]
    assert tags["mlflow.source.git.commit"] == record["git"]["commit"]
    assert {tags[f"data.{name}"] == value for name, value in record["data"].items()} == {True}
    assert {"model.skops", "report.html", "run.json"} <= set(files)

    (tracker,) = project.glob("src/*/executor/trackers/mlflow.py")
    command = ("uv", "run", "--no-sync", "my-model", "train")
    with_it = min(cpu_seconds(*command, cwd=project) for _ in range(2))
    tracker.unlink()
    without = min(cpu_seconds(*command, cwd=project) for _ in range(2))
    assert with_it - without <= MOST_SECONDS


def test_where_it_was_not_chosen_nothing_of_mlflow_is_there(installed_project):
    project = installed_project(scaffold="mvp")
    lock = (project / "uv.lock").read_text(encoding="utf-8")
    found = run("uv", "run", "--no-sync", "python", "-c", "import mlflow", cwd=project, check=False)

    assert "No module named 'mlflow'" in found.stderr
    assert 'name = "mlflow' not in lock
    assert 'name = "optuna"' in lock
    assert not list(project.glob("src/*/executor/trackers/[!_]*.py"))
    for path in ("make/tracking.mk", "docs/tracking.md", "tests/executor/test_mlflow.py"):
        assert not (project / path).exists(), path
    assert "mlflow" not in (project / "pyproject.toml").read_text().partition("[tool.ruff]")[0]
