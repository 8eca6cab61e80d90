"""Planted ageing is measured, and a retraining that is killed, late or worse changes nothing."""

import json
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import run

# The direction that decides `churn` turns by 4.5 degrees each 30 days: a model that is a days
# older predicts a * 4.5 / 30 / 180 more of the rows wrong. In `stable` it does not turn.
TABLE = """
import numpy as np, polars as pl, sys
r, n = np.random.default_rng(3), 9600
days = np.sort(r.uniform(0, 480, n))
one, two = r.normal(size=n), r.normal(size=n)
angle = np.pi / 40 * days / 30 if sys.argv[1] == "turning" else 0.3
churn = np.where(np.cos(angle) * one + np.sin(angle) * two > 0, "yes", "no")
day = np.datetime64("2024-01-01") + days.astype("timedelta64[D]")
ids = [f"c{i}" for i in range(n)]
table = pl.DataFrame({"id": ids, "day": day, "one": one.round(4), "two": two.round(4)})
table.with_columns(churn=pl.Series(churn)).write_csv("table.csv")
"""
STEP_DAYS, MAX_DROP = 30, 0.06
PLANTED_DAYS = MAX_DROP / (4.5 / 180) * STEP_DAYS  # 72


@pytest.fixture(scope="module")
def installed(installed_project):
    return installed_project(components=["retrain"])


@pytest.fixture
def project(installed, tmp_path):
    """A copy with the sample; `series` gives it a table with dates."""
    to = tmp_path / "project"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__")
    shutil.copytree(installed, to, ignore=ignored)
    (to / ".venv").symlink_to(installed / ".venv")
    return to


def series(project: Path, kind: str) -> None:
    run(str(project / ".venv/bin/python"), "-c", TABLE, kind, cwd=project)
    conf = project / "conf/default.yaml"
    text = conf.read_text().replace("file: sample", "file: table.csv")
    text = text.replace("target: diagnosis", "target: churn").replace("id: null", "id: id", 1)
    conf.write_text(text.replace("positive: malignant", "positive: null"))


def start(project: Path, *words: str) -> subprocess.Popen[str]:
    command = [str(project / ".venv/bin/python"), "-m", "my_model", *words]
    environment = {"PYTHONPATH": str(project / "src"), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin"}
    out, err = subprocess.PIPE, subprocess.STDOUT
    return subprocess.Popen(
        command, cwd=project, env=environment, text=True, stdout=out, stderr=err
    )


def command(project: Path, *words: str, code: int = 0) -> str:
    process = start(project, *words)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == code, printed
    return printed


def configure(project: Path, **changes: object) -> None:
    path = project / "conf/retraining.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))


def report(project: Path, name: str = "retraining") -> Any:
    return json.loads((project / f"reports/{name}.json").read_text())


def versions(project: Path) -> list[str]:
    return sorted(path.parent.name for path in project.glob("models/*/model.json"))


def test_planted_ageing_gives_the_interval_within_one_step(project):
    series(project, "turning")
    configure(project, max_drop=MAX_DROP)
    command(project, "staleness")
    found = report(project, "staleness")
    losses = [one["loss"]["value"] for one in found["ages"]]

    assert abs(found["retrain_every_days"] - PLANTED_DAYS) <= STEP_DAYS
    assert found["days_until_below_floor"] >= found["retrain_every_days"]
    assert losses == pytest.approx([0.025 * age for age in range(6)], abs=0.02)


def test_a_stable_series_is_not_too_old_within_the_horizon(project):
    series(project, "stable")
    configure(project, max_drop=0.02)
    printed = command(project, "staleness")
    found = report(project, "staleness")

    assert "not too old within the horizon of 180 days" in printed
    assert found["days_until_below_floor"] is None
    assert found["retrain_every_days"] == pytest.approx(found["horizon_days"])


def test_data_without_dates_is_refused_in_one_line(project):
    printed = command(project, "staleness", code=2)

    assert printed.splitlines()[-1].startswith("conf/retraining.yaml: staleness.column: age needs")


def test_a_retraining_beyond_its_minutes_registers_nothing(project):
    configure(project, max_minutes=0.002)
    printed = command(project, "retrain", code=1)

    assert "stopped after the 0.002 minutes of max_minutes" in printed
    assert versions(project) == []
    assert report(project)["status"] == "failed"


def test_a_model_that_is_really_worse_is_reported_beside_the_champion(project):
    command(project, "retrain")
    (project / "models/aliases.json").write_text('{"champion": "1", "challenger": "1"}')
    printed = command(project, "retrain", "--force", "a test", "models.logistic.C=1e-6", code=1)
    comparison = report(project)["comparison"]

    assert "version 2 is worse" in printed
    assert comparison["difference"]["value"] < -0.01
    assert json.loads((project / "models/aliases.json").read_text())["champion"] == "1"


def recorded_by(project: Path, process: subprocess.Popen[str]) -> None:
    """Wait until this process has recorded that it began."""
    for _ in range(600):
        if (project / "reports/retraining.json").is_file() and report(project)[
            "pid"
        ] == process.pid:
            return
        time.sleep(0.05)
    raise AssertionError(process.communicate()[0])


@pytest.mark.slow
def test_a_retraining_killed_at_random_leaves_whole_versions_and_begins_again(project):
    chance, n_killed = random.Random(5), 0
    for _ in range(8):
        process = start(project, "retrain", "--force", "a test", "model=forest")
        recorded_by(project, process)
        time.sleep(chance.uniform(0, 3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        n_killed += report(project)["status"] == "running"
    before = versions(project)
    command(project, "retrain", "--force", "the last")
    parts = {"run.json", "evaluation.json", "model.json", "model.skops", "predictions.parquet"}

    assert n_killed >= 4
    assert len(versions(project)) == len(before) + 1
    for name in versions(project):
        assert parts <= {path.name for path in (project / "models" / name).iterdir()}
    states = [one["status"] for one in report(project)["history"]]
    assert states.count("killed") == n_killed
    assert states.count("registered") == 9 - n_killed


def test_a_second_start_is_refused_and_names_the_first(project):
    first = start(project, "retrain", "--force", "the first", "model=forest")
    recorded_by(project, first)
    printed = command(project, "retrain", "--force", "the second", code=1)
    first.communicate(timeout=300)

    assert first.returncode == 0
    assert "the first" in printed
    assert versions(project) == ["1"]
