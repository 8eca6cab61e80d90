"""Governance: planted faults in trail, lineage, keys, files and signatures."""

import shutil
from pathlib import Path

import pytest

from tests.components.test_serve import do
from tests.conftest import copy_installed, run


@pytest.fixture(scope="module")
def governed(installed_project, tmp_path_factory) -> Path:
    """A project with a champion, and batch beside the service."""
    installed = installed_project(components=["govern", "batch"])
    project = copy_installed(installed, tmp_path_factory.mktemp("govern") / "project")
    for command in ("train", "evaluate", "register", "promote"):
        do(project, command)
    return project


@pytest.mark.slow
def test_the_machinery_holds_under_planted_faults(governed):
    """The tests of in_project/, with the fixtures of the shipped tests."""
    source = Path(__file__).parent / "in_project" / "check_govern.py"
    shutil.copy2(source, governed / "tests/governance/test_machinery.py")
    command = [str(governed / ".venv/bin/pytest"), "-q", "tests/governance/test_machinery.py"]
    done = run(*command, cwd=governed, PYTHONPATH="src")

    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.slow
def test_batch_refuses_a_version_that_is_not_signed(governed):
    path = governed / "conf/governance.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("required: false", "required: true"), encoding="utf-8")
    try:
        with pytest.raises(AssertionError, match="models/1: is not signed"):
            do(governed, "batch", "data/original/breast_cancer.csv", "out")
    finally:
        path.write_text(text, encoding="utf-8")

    do(governed, "batch", "data/original/breast_cancer.csv", "out")
    assert (governed / "out/part-00000.parquet").is_file()
