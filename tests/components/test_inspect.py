"""Curves find what was planted in a table, and a counterfactual changes no more than it must."""

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import run

# y = 10 for each `step` above 5, and 3 for plan p1; `copy` is step with noise, `noise` is nothing.
TABLE = """
import numpy as np, polars as pl
r = np.random.default_rng(1)
n = 1200
step, noise = r.uniform(0, 10, n).round(2), r.normal(size=n).round(3)
plan, night = r.choice(["p0", "p1", "p2"], n), r.random(n) < 0.5
y = 10 * (step > 5) + 3 * (plan == "p1") + 0.1 * r.normal(size=n)
day = np.datetime64("2023-01-01") + r.integers(0, 700, n).astype("timedelta64[D]")
columns = dict(step=step, noise=noise, plan=plan, night=night, day=day, y=y.round(3))
pl.DataFrame(columns).write_csv("table.csv")
"""


@pytest.fixture(scope="module")
def project(installed_project, tmp_path_factory):
    """A project with that table, trained."""
    installed = installed_project(components=["inspect"], task="regression")
    project = tmp_path_factory.mktemp("planted") / "project"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__")
    shutil.copytree(installed, project, ignore=ignored)
    (project / ".venv").symlink_to(installed / ".venv")
    conf = project / "conf/default.yaml"
    text = conf.read_text().replace("file: sample", "file: table.csv")
    conf.write_text(text.replace("target: progression", "target: y"))
    run(str(project / ".venv/bin/python"), "-c", TABLE, cwd=project)
    command(project, "train", "model=boosting")
    return project


def command(project: Path, *words: str, code: int = 0) -> str:
    """Run a command of the project on the source of this copy; returns what it prints."""
    python = str(project / ".venv/bin/python")
    source = {"PYTHONPATH": str(project / "src")}
    done = run(python, "-m", "my_model", *words, cwd=project, check=False, **source)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_curves_show_the_planted_step_and_no_other(project):
    command(project, "dependence")
    report = json.loads((project / "reports/dependence.json").read_text())
    columns = {one["column"]: one for one in report["columns"]}

    assert report["columns"][0]["column"] == "step"
    for kind in ("partial", "ale"):
        (curve,) = columns["step"][kind]
        assert curve[-1] - curve[0] == pytest.approx(10, abs=0.5)
        for name in ("noise", "night", "day"):
            assert max(columns[name][kind][0]) - min(columns[name][kind][0]) < 0.5
    plans = dict(zip(columns["plan"]["values"], columns["plan"]["partial"][0], strict=True))
    assert plans["p1"] - plans["p0"] == pytest.approx(3, abs=0.3)
    assert columns["plan"]["ale"] is None


def test_a_counterfactual_is_the_least_change_and_respects_what_cannot_change(project):
    row = {"step": 4.0, "noise": 0, "plan": "p0", "night": True, "day": "2023-05-01"}
    (project / "row.json").write_text(json.dumps(row))
    found = command(project, "counterfactual", "--file", "row.json", "--to", "5")
    (change,) = [line for line in found.splitlines() if "->" in line]

    assert change.split()[:3] == ["step", "4.0", "->"]
    assert 4.9 < float(change.split()[3]) < 5.2
    (project / "conf/inspection.yaml").write_text("immutable: [step]\n")
    found = command(project, "counterfactual", "--file", "row.json", "--to", "5")
    assert "none found with at most 3 columns changed" in found


def test_a_trace_that_ends_elsewhere_than_predict_fails(project):
    module = project / "src/my_model/inspection/trace.py"
    text = module.read_text()
    assert "ends elsewhere" not in command(project, "trace", "--file", "row.json")
    planted = text.replace("model.target.back(value) if model.target else value", "value + 1")
    assert planted != text
    module.write_text(planted)
    found = command(project, "trace", "--file", "row.json", code=1)
    module.write_text(text)

    assert "the steps end elsewhere than `predict`" in found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"step": 4}', "row.json: column 'noise' is missing"),
        ("[1]", "row.json: must hold one object"),
        ("{", "row.json: not valid JSON"),
        ('{"step": "x", "noise": 0, "plan": "p0", "night": 1, "day": ""}', "step must be a number"),
    ],
)
def test_a_wrong_row_is_one_line_that_names_it(project, content, message):
    (project / "wrong").mkdir(exist_ok=True)
    (project / "wrong/row.json").write_text(content)

    assert message in command(project, "trace", "--file", "wrong/row.json", code=2)
