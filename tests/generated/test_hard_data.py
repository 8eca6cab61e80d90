"""Data on which a number cannot be: the commands leave it out, say so, and hold the rest."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def folder(
    installed_project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project whose valid and test parts hold rows of one class alone."""
    made = installed_project()
    folder = tmp_path_factory.mktemp("hard") / "project"
    for part in ("src", "conf"):
        shutil.copytree(made / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv").symlink_to(made / ".venv")
    run(folder, "prepare")
    with (folder / "data" / "original" / "breast_cancer.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda row: row["diagnosis"], reverse=True)  # the last 357 of 569 are benign
    for number, row in enumerate(rows):
        row["day"] = f"{2000 + number // 336}-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
        row["size"] = "large" if float(row["mean_area"]) > 500 else "small"
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    shutil.rmtree(folder / "data")
    conf = folder / "conf" / "default.yaml"
    text = conf.read_text(encoding="utf-8")
    for key, value in {"file": "rows.csv", "by": "time", "column": "day"}.items():
        text = re.sub(rf"(?m)^( *{key}:) .*$", rf"\1 {value}", text, count=1)
    conf.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(folder: Path) -> subprocess.CompletedProcess[str]:
    """The train command, once."""
    return run(folder, "train")


def test_metrics_that_rank_classes_are_left_out_of_parts_of_one_class(
    folder: Path, trained: subprocess.CompletedProcess[str]
) -> None:
    evaluated = run(folder, "evaluate", "evaluation.floor=0")
    evaluation, record = report(folder, "evaluation"), report(folder, "run")

    assert "roc auc left out on valid: every row is of class 'benign'" in trained.stdout
    assert evaluation["below_floor"] == []
    assert "average precision left out on test: every row is of class 'benign'" in evaluated.stdout
    for found, metrics in (
        (evaluation, evaluation["metrics"]),
        (record, record["metrics"]["valid"]),
    ):
        assert found["left_out"].keys() == {"roc_auc", "average_precision"}
        assert metrics.keys().isdisjoint(found["left_out"])
        assert {"accuracy", "balanced_accuracy", "log_loss", "brier", "f1"} <= metrics.keys()


def test_a_metric_to_steer_by_that_cannot_be_is_one_line(folder: Path) -> None:
    done = run(folder, "train", "metric=roc_auc", code=1)

    assert done.stderr == (
        "roc_auc is not defined: every row is of class 'benign'; steer by another metric, or "
        "choose data.split so that each part holds every class\n"
    )


@pytest.mark.usefixtures("trained")
def test_slices_below_the_floor_are_listed_and_a_missed_floor_is_exit_code_1(folder: Path) -> None:
    done = run(folder, "evaluate", "evaluation.floor=1.01", code=1)
    missed = report(folder, "evaluation")

    assert "on test misses evaluation.floor 1.01" in done.stderr
    assert {one["value"] for one in missed["below_floor"]} == {
        one["value"] for one in missed["slices"] if one["value_of_metric"] is not None
    }
    assert missed["below_floor"][0]["column"] == "size"


def run(folder: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A command of the project, from its own source."""
    (package,) = (path.parent for path in (folder / "src").glob("*/__init__.py"))
    done = subprocess.run(
        [str(folder / ".venv" / "bin" / "python"), "-m", package.name, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(package.parent)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


def report(folder: Path, name: str) -> dict[str, Any]:
    """A file of reports/."""
    content: dict[str, Any] = json.loads((folder / "reports" / f"{name}.json").read_text("utf-8"))
    return content
