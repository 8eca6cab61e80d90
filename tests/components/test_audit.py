"""Planted faults are found by `audit`, and projects that were just made have no error."""

import json
import shutil
from pathlib import Path

import pytest

from tests.components.projects import check_machinery
from tests.conftest import copy_installed, run


@pytest.fixture(scope="module")
def trained(installed_project, tmp_path_factory) -> Path:
    """A project with regression: its losses differ more than those of classes."""
    installed = installed_project(components=["audit"], task="regression")
    return copy_installed(installed, tmp_path_factory.mktemp("audit") / "project")


def test_each_kind_of_finding_is_found_where_it_is_planted(trained):
    """The tests of in_project/, with the fixtures of the shipped tests."""
    check_machinery(trained, "check_audit", "tests/audit", whole_folder=True)


@pytest.mark.parametrize(
    ("scaffold", "task"),
    [("poc", "regression"), ("production", "classification")],
)
def test_a_new_project_has_no_error(rendered, tmp_path, trained, scaffold, task):
    # Every component at once: an audit reads their code, and imports none of them.
    every = ["audit", "worker", "runs", "mlflow", "docs"]
    chosen = every if scaffold == "production" else ["audit"]
    source = rendered(scaffold=scaffold, task=task, components=chosen)
    project = shutil.copytree(source, tmp_path / "project")
    python = str(trained / ".venv/bin/python")
    for command in ("train", "evaluate", "audit"):
        run(python, "-m", "my_model", command, cwd=project, PYTHONPATH=str(project / "src"))
    report = json.loads((project / "reports/audit.json").read_text())

    assert report["n"]["error"] == 0
    assert report["skipped"] == []
    assert not [one for one in report["findings"] if one["file"].startswith("src/")]
