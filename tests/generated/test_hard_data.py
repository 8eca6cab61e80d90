"""Hard data: parts of one class, where a metric is not defined, and tables that try the tests.

A metric that is not defined is named and left out, and the others are reported. The tests that a
project receives hold on any sound table: ten classes of 64 pixels, 178 rows, a very skewed target.
"""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, copy_installed

MAX_REPORT_BYTES = 1_300_000
MAX_CPU_S = 30  # of `prepare`; digits have 65 columns


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


def test_metrics_that_rank_classes_are_undefined_on_parts_of_one_class(
    folder: Path, trained: subprocess.CompletedProcess[str]
) -> None:
    evaluated = run(folder, "evaluate")
    evaluation, record = report(folder, "evaluation"), report(folder, "run")

    assert "class 'malignant' of diagnosis has no row in valid and test" in trained.stdout
    assert "roc auc is not defined" in evaluated.stdout
    assert {"roc_auc"} <= set(evaluation["undefined_metrics"])
    for metrics in (evaluation["metrics"], record["metrics"]["valid"]):
        assert metrics["roc_auc"]["value"] is None
        assert metrics["accuracy"]["value"] > 0.5
        assert metrics["log_loss"]["value"] is not None


def test_a_chosen_metric_that_is_undefined_is_one_line(folder: Path) -> None:
    done = run(folder, "train", "metric=roc_auc", code=1)

    assert len(done.stderr.splitlines()) == 1
    assert "roc_auc is not defined" in done.stderr


COMPARED = """
import numpy as np
from sklearn.metrics import balanced_accuracy_score
from {package}.evaluation.metrics import METRICS

generator = np.random.default_rng(0)
for n_classes in (2, 3, 10):
    for n_rows in (1, 5, 200):
        y_true, y_pred = generator.integers(0, n_classes, (2, n_rows))
        found = METRICS["balanced_accuracy"].function(y_true, y_pred, None)
        assert np.isclose(found, balanced_accuracy_score(y_true, y_pred)), (n_classes, n_rows)
"""


def test_balanced_accuracy_is_that_of_scikit_learn(folder: Path) -> None:
    package, env = package_of(folder)
    code = COMPARED.format(package=package.name)
    python = folder / ".venv" / "bin" / "python"
    done = subprocess.run([python, "-c", code], env=env, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("trained")
def test_a_missed_floor_is_exit_code_1_after_the_reports_are_written(folder: Path) -> None:
    (folder / "reports" / "evaluation.json").unlink(missing_ok=True)
    done = run(folder, "evaluate", "evaluation.floor=1", code=1)
    slices = report(folder, "evaluation")["slices"]

    assert "misses evaluation.floor 1" in done.stderr
    assert [one["column"] for one in slices] == ["size"] * len(slices)
    assert slices


WRITTEN = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.generated.own_data import runner, tables

table = tables.table({name!r}, 0, 2000)
table.rows.write_csv("rows.csv")
runner.write_conf(Path("conf/default.yaml"), table, {{}})
"""


def test_the_largest_numbers_of_a_float_have_no_range(folder: Path) -> None:
    code = """
import polars as pl
from my_model.dataloader.schema import _range
print(_range(pl.Series([1e308, -1e308, 0.0])), _range(pl.Series([1e300, 0.0, None])))
"""
    python = folder / ".venv" / "bin" / "python"
    path = {**os.environ, "PYTHONPATH": str(folder / "src")}
    done = subprocess.run([python, "-c", code], env=path, capture_output=True, text=True)

    assert done.stdout.strip() == "(None, None) (0.0, 2e+300)", done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "wine", "made skewed"])
def test_the_tests_of_a_project_are_green_on_a_clean_table(
    installed_project: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    task = "regression" if name == "made skewed" else "classification"
    project = copy_installed(installed_project(task=task), tmp_path / "project")
    python, (_, env) = str(project / ".venv" / "bin" / "python"), package_of(project)
    written = WRITTEN.format(root=str(ROOT), name=name)
    for words in (["-c", written], ["-m", "pytest", "-q", "-x"]):
        done = subprocess.run(
            [python, *words], cwd=project, env=env, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run(project, "prepare", "--replace")
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    run(project, "train")
    run(project, "evaluate")
    pages = [p for name in ("reports", "logs/*/") for p in project.glob(f"{name}/*") if p.is_file()]

    assert re.search(r"\d\d passed in", done.stdout)
    assert {"report.html", "profile.html", "evaluation.json"} <= {path.name for path in pages}
    assert sum(path.stat().st_size for path in pages) <= MAX_REPORT_BYTES
    assert cpu_s <= MAX_CPU_S


def run(folder: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A command of the project, from its own source."""
    package, env = package_of(folder)
    done = subprocess.run(
        [str(folder / ".venv" / "bin" / "python"), "-m", package.name, *words],
        cwd=folder,
        env=env,
        text=True,
        capture_output=True,
    )
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


def package_of(folder: Path) -> tuple[Path, dict[str, str]]:
    """The package's folder, and an environment in which it is imported from there."""
    (package,) = (path.parent for path in (folder / "src").glob("*/__init__.py"))
    return package, os.environ | {"PYTHONPATH": str(package.parent)}


def report(folder: Path, name: str) -> dict[str, Any]:
    """A file of reports/."""
    content: dict[str, Any] = json.loads((folder / "reports" / f"{name}.json").read_text("utf-8"))
    return content
