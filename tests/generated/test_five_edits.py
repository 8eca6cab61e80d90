"""The five edits that everyone makes, as docs/extending.md shows them, leave a project green.

The code is read from the page, so the page is what is tested. No shipped test is changed.
"""

import ast
import csv
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import copy_installed, share_types
from tests.conftest import run as run_command

PAGE = "docs/extending.md"
TITLES = ("A feature", "A model", "A metric", "A split", "A second file")
TASKS = ("classification", "regression")
# The page is of classification and is replaced for regression, so that tries more of it.
ONE_QUICK = (pytest.param("classification", marks=pytest.mark.slow), "regression")
# The page is about the classification sample; these are the same edits on the other one.
FOR_REGRESSION = {"worst_area": "s1", "mean_area": "s3", "metric: matthews": "metric: mape"}
# Errors relative to small numbers count most.
FOR_REGRESSION["learning_rate: 0.05"] = "objective: mape"
N_CLINICS = 5

Install = Callable[..., Path]


@dataclass
class Edit:
    """What a section of the page says: code for files of the package, and lines of conf/."""

    code: list[tuple[str, str]] = field(default_factory=list)
    conf: dict[str, Any] = field(default_factory=dict)
    transcript: list[str] = field(default_factory=list)


def edits_of(page: str) -> dict[str, Edit]:
    """Title of a section -> its edit."""
    found = {}
    for section in re.split(r"(?m)^## ", page)[1:]:
        title, _, text = section.partition("\n")
        edit = found[title] = Edit()
        for before, kind, block in re.findall(r"(?s)(.*?)```(\w+)\n(.*?)```", text):
            named = re.findall(r"In `([\w/.]+)`", before)
            if kind == "python":
                edit.code.append((named[-1], block))
            elif kind == "yaml":
                edit.conf = merged(edit.conf, yaml.safe_load(block))
            else:
                edit.transcript += block.splitlines()
    return found


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """`one` with the values of `other`, key by key."""
    both = {key: merged(one[key], other[key]) for key in one if isinstance(other.get(key), dict)}
    return {**one, **other, **both}


def insert(path: Path, block: str) -> None:
    """Replace the functions that the block defines anew; else put it at the end of the file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    names = {node.name for node in ast.parse(block).body if isinstance(node, ast.FunctionDef)}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = [block]
            path.write_text("".join(lines), encoding="utf-8")
            return
    path.write_text(f"{text}\n\n{block}", encoding="utf-8")


def apply(project: Path, edit: Edit) -> None:
    """Do what a section says."""
    (package,) = (path.parent for path in (project / "src").glob("*/__init__.py"))
    for file, block in edit.code:
        insert(package / file, block)
    configure(project, edit.conf)


def configure(project: Path, values: dict[str, Any]) -> None:
    """Change conf/default.yaml."""
    conf = project / "conf" / "default.yaml"
    content = merged(yaml.safe_load(conf.read_text(encoding="utf-8")), values)
    conf.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def add_columns(project: Path) -> None:
    """The sample with a day and a clinic, as a file of one's own, and a file about the clinics."""
    run(project, "prepare")
    (sample,) = (project / "data" / "original").glob("*.csv")
    with sample.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["measured_on"] = str(date(2024, 1, 1) + timedelta(days=number * 7 % 730))
        row["clinic"] = f"clinic {number % N_CLINICS}"
    write_csv(project / "data" / "measurements.csv", rows)
    clinics = [{"clinic": f"clinic {n}", "beds": str(100 + 50 * n)} for n in range(N_CLINICS)]
    write_csv(project / "data" / "clinics.csv", clinics)
    for made in ("data/manifest.json", "conf/schema.yaml"):
        (project / made).unlink()
    configure(project, {"data": {"file": "data/measurements.csv"}})


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    """Rows with the columns of the first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


# Rows of train through the service, and rows of valid through batch, beside what `predict` gives.
ASK = """
import json
from pathlib import Path
import polars as pl
from fastapi.testclient import TestClient
from {package}.executor.predict import prediction_table
from {package}.serving.app import create_app
from {package}.serving.settings import load_service
from {package}.serving.serve import load_version

root = Path.cwd()
service = load_service(root, ["limits.requests_per_second=null"])
version = load_version(root, service)
rows = version.background[:5]
table = rows.select(list(version.schema.columns))
requests = json.loads(json.dumps(table.to_dicts(), default=lambda moment: moment.isoformat()))
with TestClient(create_app(version, service, [])) as client:
    responses = [client.post("/predict", json=row) for row in requests]
bodies = [response.json() for response in responses]
typed, _ = version.schema.validate_rows(rows.with_row_index("_row"), "rows")
predicted = prediction_table(version.predictor, typed)
last = predicted.columns[-1]
label = last.removeprefix("probability_")
of_batch = pl.read_parquet("build/batch/part-*.parquet")
again = pl.read_parquet("predictions.parquet")
shares = [body["probabilities"] or {{label: body["prediction"]}} for body in bodies]
found = {{
    "status": [response.status_code for response in responses],
    "served": [share[label] for share in shares],
    "predicted": predicted[last].to_list(),
    "batch": of_batch[last].to_list(),
    "predicted_again": again[last].to_list(),
}}
print(json.dumps(found))
"""


def ask(project: Path) -> dict[str, list[Any]]:
    """What the service, batch and predict give for the same rows."""
    (package,) = (path.parent.name for path in (project / "src").glob("*/__init__.py"))
    (project / "src" / "asked.py").write_text(ASK.format(package=package), encoding="utf-8")
    printed = run(project, module="asked")
    (project / "src" / "asked.py").unlink()
    content: dict[str, list[Any]] = json.loads(printed.splitlines()[-1])
    return content


def run(project: Path, *words: str, module: str = "") -> str:
    """A command of the project, or of a module, from its own source; what it printed."""
    (package,) = (path.parent for path in (project / "src").glob("*/__init__.py"))
    paths = os.pathsep.join([str(package.parent), str(project / "hooks")])
    command = [str(project / ".venv/bin/python"), "-m", module or package.name, *words]
    settings = {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = run_command(*command, cwd=project, check=False, **settings)
    assert done.returncode == 0, f"{words}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def copy(
    installed_project: Install, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Install:
    """`copy(**answers)`: an installed project with LightGBM, to change."""

    def make(**answers: Any) -> Path:
        made = installed_project(**answers)
        python = str(made / ".venv" / "bin" / "python")
        subprocess.run(["uv", "pip", "install", "-q", "-p", python, "lightgbm"], check=True)
        folder = copy_installed(made, tmp_path_factory.mktemp("edited") / "project")
        share_types(shared / "types", folder)
        return folder

    return make


def edited(copy: Install, titles: tuple[str, ...], **answers: Any) -> Path:
    """A project with the edits of these sections."""
    project = copy(**answers)
    page = (project / PAGE).read_text(encoding="utf-8")
    if answers["task"] == "regression":
        for old, new in FOR_REGRESSION.items():
            page = page.replace(old, new)
    if {"A split", "A second file"} & set(titles):
        add_columns(project)
    for title in titles:
        apply(project, edits_of(page)[title])
    return project


def check(project: Path) -> None:
    """Types, style and every shipped test."""
    run(project, module="mypy")
    run(project, "check", module="ruff")
    run(project, "format", "--check", module="ruff")
    run(project, "-q", module="pytest")


@pytest.mark.parametrize("task", ONE_QUICK)
def test_the_five_edits_together_leave_a_project_green(copy: Install, task: str) -> None:
    project = edited(copy, TITLES, task=task)
    run(project, "train")
    run(project, "evaluate")
    manifest = json.loads((project / "data" / "manifest.json").read_text("utf-8"))
    record = json.loads((project / "reports" / "run.json").read_text("utf-8"))
    model = json.loads((project / "logs" / record["run"] / "model.json").read_text("utf-8"))
    metric = "matthews" if task == "classification" else "mape"

    assert record["model"]["name"] == "lightgbm"
    assert record["metrics"]["valid"][metric]["low"] is not None
    assert [file["name"] for file in manifest["files"]] == ["main", "clinics"]
    assert {"beds", "measured_on"} <= set(manifest["features"])
    assert "area_ratio" in model["preprocessing"]["feature_names_"]
    check(project)


@pytest.fixture(scope="module")
def served(copy: Install) -> Callable[[str], Path]:
    """`served(task)`: an mvp project with all five edits, and its model as champion."""
    made: dict[str, Path] = {}

    def make(task: str) -> Path:
        if task not in made:
            made[task] = edited(copy, TITLES, scaffold="mvp", task=task)
            service = made[task] / "conf" / "service.yaml"
            # A busy machine must not turn a slow prediction into the fallback.
            text = service.read_text(encoding="utf-8").replace("budget_ms: 250", "budget_ms: 30000")
            service.write_text(text, encoding="utf-8")
            for command in ("train", "evaluate", "register", "promote"):
                run(made[task], command)
        return made[task]

    return make


@pytest.mark.parametrize("task", ONE_QUICK)
def test_the_five_edits_reach_the_service_and_batch(
    served: Callable[[str], Path], task: str
) -> None:
    project = served(task)
    rows = "data/valid/part-0.parquet"
    run(project, "predict", rows, "predictions.parquet")
    run(project, "batch", rows, "build/batch")
    found = ask(project)

    assert found["status"] == [200] * len(found["status"])
    assert found["served"] == pytest.approx(found["predicted"], rel=1e-4)
    assert found["batch"] == found["predicted_again"]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_five_edits_leave_an_mvp_green(served: Callable[[str], Path], task: str) -> None:
    check(served(task))


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("title", TITLES)
def test_each_edit_alone_leaves_a_project_green(copy: Install, task: str, title: str) -> None:
    check(edited(copy, (title,), task=task))


@pytest.mark.parametrize("title", ["A feature", pytest.param("A metric", marks=pytest.mark.slow)])
def test_the_page_shows_what_the_commands_print(copy: Install, title: str) -> None:
    """The edit alone; numbers, times and the names of runs may differ."""
    project = edited(copy, (title,), task="classification")
    shown = edits_of((project / PAGE).read_text("utf-8"))[title].transcript
    commands = [line.split()[2:] for line in shown if line.startswith("$ make ")]
    printed = [run(project, command) for words in commands for command in words]
    expected = [line for line in shown if not line.startswith("$")]

    assert expected
    assert list(shapes("\n".join(printed).splitlines())) == list(shapes(expected))


def shapes(lines: list[str]) -> Iterator[str]:
    """Lines without what differs between two runs."""
    for line in lines:
        if line.strip():
            yield re.sub(r"[-\d.:T]+", "0", " ".join(line.split()))
