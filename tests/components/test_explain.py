"""What was planted in a table is found by explain, errors, fairness and drift, for each model."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run

# `plan` decides, `noise` does not; in the east the label is wrong for every second row above 50;
# `night` gives `sex` away.
TABLE = """
import numpy as np, polars as pl
r = np.random.default_rng(1)
n = 2000
age, noise = r.normal(45, 12, n).round(), r.normal(size=n)
plan, region = r.choice([f"p{i}" for i in range(8)], n), r.choice(["east", "north", "west"], n)
sex = r.choice(["f", "m"], n)
night = (sex == "f") ^ (r.random(n) < 0.05)
day = np.datetime64("2023-01-01") + r.integers(0, 700, n).astype("timedelta64[D]")
wrong = (region == "east") & (age > 50) & (r.random(n) < 0.5)
churn = np.where(np.isin(plan, ["p1", "p4", "p7"]) ^ wrong, "yes", "no")
columns = dict(age=age, noise=noise, plan=plan, region=region, sex=sex, night=night, day=day)
table = pl.DataFrame({"customer": [f"c{i}" for i in range(n)], **columns, "churn": churn})
gap = pl.Series(r.random(n) < 0.1)
table = table.with_columns(noise=pl.when(gap).then(None).otherwise(pl.col("noise")))
table.write_csv("table.csv")
table.with_columns(pl.col("age") + 15).head(500).write_csv("older.csv")
"""
FAIRNESS = {"columns": ["sex", "region"], "metric": "accuracy", "max_gap": 1, "max_auc": 0.8}


@pytest.fixture(scope="module")
def project(installed_project, tmp_path_factory):
    """A project with that table."""
    installed = installed_project(components=["explain", "fairness", "drift"])
    project = tmp_path_factory.mktemp("planted") / "project"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__")
    shutil.copytree(installed, project, ignore=ignored)
    (project / ".venv").symlink_to(installed / ".venv")
    conf = project / "conf/default.yaml"
    text = conf.read_text().replace("file: sample", "file: table.csv")
    text = text.replace("target: diagnosis", "target: churn").replace("id: null", "id: customer", 1)
    conf.write_text(text)
    (project / "conf/fairness.yaml").write_text(json.dumps(FAIRNESS))
    run(str(project / ".venv/bin/python"), "-c", TABLE, cwd=project)
    return project


def command(project: Path, *words: str, code: int = 0) -> None:
    """Run a command of the project on the source of this copy."""
    python = str(project / ".venv/bin/python")
    source = {"PYTHONPATH": str(project / "src")}
    done = run(python, "-m", "my_model", *words, cwd=project, check=False, **source)
    assert done.returncode == code, done.stderr


def report(project: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((project / f"reports/{name}.json").read_text()))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["logistic", "forest", "boosting"])
def test_what_decides_stands_first_and_what_is_wrong_is_named(project, model):
    command(project, "train", f"model={model}")
    for name in ("explain", "errors", "fairness"):
        command(project, name)
    importance = {one["feature"]: one for one in report(project, "explanations")["global"]}
    worst = report(project, "errors")["slices"][0]
    auc = {(p["attribute"], p["feature"]): p["auc"] for p in report(project, "fairness")["proxies"]}

    assert next(iter(importance)) == "plan"
    assert importance["plan"]["low"] > importance["noise"]["high"]
    assert "is region=east" in worst["where"]
    assert any(re.match(r"age > (4|5)", one) for one in worst["where"])
    assert worst["p_value"] < 0.05
    assert auc["sex", "night"] > 0.9 > auc["sex", "noise"]


@pytest.mark.slow
def test_a_shifted_column_of_a_new_file_has_moved_alone(project):
    command(project, "drift", "--file", "older.csv")

    assert [o["column"] for o in report(project, "drift")["columns"] if o["moved"]] == ["age"]


@pytest.mark.slow
def test_ablation_keeps_what_decides_and_drops_noise(project):
    command(project, "train", "model=boosting")
    command(project, "ablate")
    verdict = {one["name"]: one["verdict"] for one in report(project, "importance")["features"]}

    assert verdict["plan"] == "keep"
    assert verdict["noise"] == "drop"
