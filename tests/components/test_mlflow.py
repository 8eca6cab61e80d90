"""What MLflow holds of a run after `track`; and nothing of it where it was not chosen."""

import json
import shutil

import pytest

from tests.conftest import run

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


@pytest.mark.slow
def test_a_training_is_read_back_from_mlflow(installed_project, tmp_path):
    installed, project = installed_project(components=["mlflow"]), tmp_path / "project"
    ignored = shutil.ignore_patterns(".venv", "__pycache__", "logs", "reports")
    shutil.copytree(installed, project, ignore=ignored)
    (project / ".venv").symlink_to(installed / ".venv")
    python = str(project / ".venv/bin/python")
    for command in ("train", "evaluate", "track", "track"):
        printed = run(python, "-m", "my_model", command, cwd=project, PYTHONPATH="src").stdout
    record = json.loads((project / "reports/run.json").read_text())
    evaluation = json.loads((project / "reports/evaluation.json").read_text())
    text = run(python, "-c", READ, cwd=project).stdout
    metrics, params, tags, files = json.loads(text.splitlines()[-1])

    assert "0 of 1 runs copied" in printed
    for part, scores in {**record["metrics"], "test": evaluation["metrics"]}.items():
        for name, score in scores.items():
            ends = {f".{end}": score[end] for end in ("low", "high")}
            for suffix, value in {"": score["value"], **ends}.items():
                assert metrics.get(f"{part}.{name}{suffix}") == value
    assert params["model"] == "logistic"
    assert tags["run"] == record["run"]
    assert tags["git.commit"] == record["git"]["commit"]
    assert {"model.skops", "report.html", "run.json"} <= set(files)


def test_where_it_was_not_chosen_nothing_of_mlflow_is_there(rendered):
    project = rendered(scaffold="mvp")
    named = [p for p in project.rglob("*mlflow*") if "checklist" not in p.parts]

    assert not named
    assert not (project / "src/my_model/tracking").exists()
    assert "mlflow = []" in (project / "pyproject.toml").read_text()
