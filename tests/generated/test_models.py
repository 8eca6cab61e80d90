"""What can be chosen about models does what conf/default.yaml says, and is as good as its library.

Each test changes conf/ or the command line, as a user does, and reads what the commands wrote.
"""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import copy_installed, run

HERE = Path(__file__).parent
WEATHER = HERE / "foreign" / "seattle-weather.csv"
GAP_DAYS = 14
MAX_BEHIND = 0.01

Made = Callable[..., Path]
Command = subprocess.CompletedProcess[str]


@pytest.fixture
def numbers(installed_project: Made, tmp_path: Path) -> Path:
    """A project about numbers."""
    return copy_installed(installed_project(task="regression"), tmp_path / "project")


@pytest.fixture
def classes(installed_project: Made, tmp_path: Path) -> Path:
    """A project about classes."""
    return copy_installed(installed_project(), tmp_path / "project")


@pytest.fixture
def series(numbers: Path) -> Path:
    """Four years of daily weather, split by time."""
    shutil.copyfile(WEATHER, numbers / "rows.csv")
    configure(numbers, file="rows.csv", target="temp_max", by="time", column="date")
    return numbers


def configure(project: Path, **values: str) -> None:
    """Change the first line of each key in conf/default.yaml."""
    conf = project / "conf" / "default.yaml"
    text = conf.read_text(encoding="utf-8")
    for key, value in values.items():
        text, n_changed = re.subn(rf"(?m)^( *{key}:) .*$", rf"\1 {value}", text, count=1)
        assert n_changed == 1, key
    conf.write_text(text, encoding="utf-8")


def command(project: Path, *words: str, check: bool = True) -> Command:
    """A command of the project, from its own source."""
    python, package = project / ".venv/bin/python", next((project / "src").glob("*/__init__.py"))
    options = {"PYTHONPATH": str(project / "src"), "OMP_NUM_THREADS": "1"}
    name = package.parent.name
    return run(str(python), "-m", name, *words, cwd=project, check=check, **options)


def record(project: Path) -> dict[str, Any]:
    """The record of the newest run."""
    newest = max(project.glob("logs/*/run.json"), key=lambda path: path.stat().st_mtime_ns)
    content: dict[str, Any] = json.loads(newest.read_text(encoding="utf-8"))
    return content


def predictions(project: Path) -> list[float]:
    """What `predict` writes for valid."""
    command(project, "predict", "data/valid/part-0.parquet", "out.csv")
    with (project / "out.csv").open(encoding="utf-8") as file:
        return [float(row["prediction"]) for row in csv.DictReader(file)]


def test_a_gap_leaves_days_out_and_the_past_is_a_baseline(series: Path) -> None:
    printed = command(series, "train", f"data.split.gap={GAP_DAYS}").stdout
    manifest = json.loads((series / "data" / "manifest.json").read_text("utf-8"))
    found = record(series)["baselines"]

    assert {"reason": "in data.split.gap", "rows": 2 * GAP_DAYS} in manifest["dropped"]
    assert "28 in data.split.gap" in printed
    # A year earlier is nearer to a summer's day than the last day of train, in autumn.
    assert found["seasonal value"]["mae"] < 0.75 * found["last value"]["mae"]
    refused = command(series, "train", "data.split.by=hash", "data.split.gap=1", check=False)
    assert refused.returncode == 2
    assert "gap needs by: time" in refused.stderr


def test_compare_scores_every_estimator_on_later_rows_than_it_is_fitted_on(series: Path) -> None:
    printed = command(series, "compare", "models.forest.n_estimators=10", "--folds", "3").stdout
    report = json.loads((series / "reports" / "compare.json").read_text("utf-8"))

    assert {one["model"] for one in report["runs"]} == {"ridge", "forest", "boosting"}
    assert [one["model"] for one in report["baselines"]][2:] == ["last value", "seasonal value"]
    assert (report["n_folds"], report["n_repeats"]) == (3, 1)
    for one in report["runs"]:
        assert one["value"]["low"] < one["value"]["value"] < one["value"]["high"]
        assert len(one["scores"]) == 3
    assert report["advice"] in printed
    assert "Plotly.newPlot" in (series / "reports" / "compare.html").read_text("utf-8")


def test_no_advice_on_models_while_a_leak_stands(classes: Path) -> None:
    command(classes, "prepare")
    (sample,) = (classes / "data" / "original").glob("*.csv")
    with sample.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (classes / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "code"])
        writer.writeheader()
        writer.writerows(row | {"code": row["diagnosis"][:1]} for row in rows)
    configure(classes, file="rows.csv")
    command(classes, "train")
    command(classes, "evaluate")
    curve = json.loads((classes / "reports/evaluation.json").read_text("utf-8"))["learning_curve"]
    compared = command(classes, "compare", "model=logistic", "--repeats", "1").stdout

    assert curve["verdict"] == "unknown"
    assert "before this is settled: leak of code" in curve["sentence"]
    assert "no advice on models before this is settled: leak of code" in compared


@pytest.mark.parametrize("transform", [pytest.param("log", marks=pytest.mark.slow), "box-cox"])
def test_a_transformed_target_comes_back_in_its_own_unit(numbers: Path, transform: str) -> None:
    command(numbers, "train", f"train.target_transform={transform}")
    plain = record(numbers)["baselines"]["mean"]["mae"]
    found = predictions(numbers)

    assert record(numbers)["metrics"]["valid"]["mae"]["value"] < plain
    assert all(25 / 10 <= value <= 346 * 10 for value in found)  # the sample holds 25 to 346
    assert math.isclose(sum(found) / len(found), 150, rel_tol=0.2)


def test_a_transform_is_refused_where_it_has_no_value(series: Path) -> None:
    words = ["task=classification", "data.target=weather", "metric=f1", "model=logistic"]
    for extra, message in (([], "needs a target above 0, got -"), (words, "is for numbers")):
        refused = command(series, "train", "train.target_transform=log", *extra, check=False)
        assert (refused.returncode, message in refused.stderr) == (2, True), refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "poisson", "gamma"])
def test_a_loss_is_a_parameter_of_boosting(numbers: Path, loss: str) -> None:
    words = [f"models.boosting.loss={loss}", "models.boosting.max_iter=20"]
    extra = ["models.boosting.quantile=0.9"] if loss == "quantile" else []
    command(numbers, "train", "model=boosting", *words, *extra)

    assert record(numbers)["model"]["parameters"]["loss"] == loss
    if loss == "quantile":
        valid = [float(value) for value in truths(numbers)]
        above = [p >= y for p, y in zip(predictions(numbers), valid, strict=True)]
        assert 0.75 < sum(above) / len(above) < 1


def truths(project: Path) -> list[str]:
    """The target of valid."""
    code = "import polars; r = polars.read_parquet('data/valid/part-0.parquet')"
    python = str(project / ".venv/bin/python")
    done = run(python, "-c", f"{code}; print(*r['progression'])", cwd=project)
    return done.stdout.split()


@pytest.mark.slow
def test_weights_of_rows_and_classes_change_the_model(classes: Path) -> None:
    command(classes, "train")
    before = record(classes)["metrics"]["train"]["log_loss"]["value"]
    command(classes, "train", "data.weight=mean_area")
    weighted, manifest = record(classes), (classes / "data/manifest.json").read_text("utf-8")
    command(classes, "train", "train.class_weight={malignant: 50}")
    by_class = record(classes)

    assert "mean_area" not in json.loads(manifest)["features"]
    values = [one["metrics"]["train"]["log_loss"]["value"] for one in (weighted, by_class)]
    assert len({before, *values}) == 3
    for words, message in {
        "data.weight=diagnosis": "needs a number of at least 0 in every row",
        "train.class_weight={malignent: 5}": "did you mean 'malignant'?",
    }.items():
        refused = command(classes, "train", words, check=False)
        assert (refused.returncode, message in refused.stderr) == (2, True), refused.stderr


@pytest.mark.slow
def test_boosting_is_as_good_as_its_library_with_its_own_defaults(installed_project: Made) -> None:
    project = installed_project()
    python, script = project / ".venv/bin/python", HERE / "models" / "plain_boosting.py"
    done = run(str(python), str(script), str(project), cwd=project, OMP_NUM_THREADS="1")
    found = [json.loads(line) for line in done.stdout.splitlines()]

    assert len(found) == 5
    for one in found:
        assert one["ours"] <= (1 + MAX_BEHIND) * one["plain"], one
