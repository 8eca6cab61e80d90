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
    (project / "row.csv").write_text("step,noise,plan,night,day\n4.0,0,p0,true,2023-05-01\n")
    words = ("counterfactual", "--file", "row.csv", "--row", "1", "--to", "5")
    (change,) = [line for line in command(project, *words).splitlines() if "->" in line]

    assert change.split()[:3] == ["step", "4.0", "->"]
    assert 4.9 < float(change.split()[3]) < 5.2
    found = command(project, *words, "--keep", "step")
    assert "none found with at most 3 columns changed" in found


def test_a_trace_that_ends_elsewhere_than_predict_fails(project):
    module = project / "src/my_model/inspection/trace.py"
    text = module.read_text()
    words = ("trace", "--file", "row.csv", "--row", "1")
    assert "ends elsewhere" not in command(project, *words)
    planted = text.replace(".transform(table)", ".transform(table) + 1")
    assert planted != text
    module.write_text(planted)
    found = command(project, *words, code=1)
    module.write_text(text)

    assert "the steps end elsewhere than `predict`" in found


def test_a_row_that_is_not_there_or_of_test_is_refused(project):
    numbers = "import polars as pl; print(pl.read_parquet('data/test/*.parquet')['_row'][0])"
    of_test = run(str(project / ".venv/bin/python"), "-c", numbers, cwd=project).stdout.strip()

    assert f"--row {of_test}: not in train or valid" in command(
        project, "trace", "--row", of_test, code=2
    )
    found = command(project, "trace", "--file", "row.csv", "--row", "9", code=2)
    assert "--row 9: not in row.csv" in found
