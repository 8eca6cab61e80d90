"""Promotion through the gates, its record, and the way back."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import copy_installed, run


@pytest.fixture(scope="module")
def registered(installed_project, tmp_path_factory) -> Path:
    """A project with an evaluated run in two versions; the first is champion."""
    installed = installed_project(components=["registry"])
    project = copy_installed(installed, tmp_path_factory.mktemp("registry") / "project")
    for words in ("train", "evaluate", "register", "promote", "register"):
        command(project, *words.split())
    return project


@pytest.fixture
def project(registered: Path, tmp_path: Path) -> Path:
    """A copy, to change."""
    copied: Path = shutil.copytree(registered, tmp_path / "project", symlinks=True)
    return copied


def command(project: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    python = str(project / ".venv/bin/python")
    return run(python, "-m", "my_model", *words, cwd=project, check=check, PYTHONPATH="src")


def aliases(project: Path) -> dict[str, str]:
    return dict(json.loads((project / "models/aliases.json").read_text()))


@pytest.mark.slow
def test_a_promotion_is_recorded_and_rolled_back(project):
    command(project, "promote")
    promoted = aliases(project)
    command(project, "rollback", "--reason", "a rehearsal")
    record = json.loads((project / "reports/promotion.json").read_text())
    listed = json.loads((project / "reports/registry.json").read_text())["models"]

    assert promoted == {"champion": "2", "challenger": "2", "previous": "1"}
    assert aliases(project) == {"champion": "1", "challenger": "2"}
    assert [one["version"] for one in record["history"]] == ["1", "2", "1"]
    assert record["reason"] == "a rehearsal"
    assert [one["stage"] for one in listed] == ["production", "retired"]
    assert json.loads((project / "reports/comparison.json").read_text())["champion"] == "1"


@pytest.mark.slow
def test_a_version_of_other_code_is_refused(project):
    path = project / "src/my_model/model/features.py"
    path.write_text(path.read_text() + "\n# A change.\n")

    done = command(project, "promote", check=False)

    assert done.returncode == 1
    assert "current     fails  src/ has changed" in done.stdout
    assert aliases(project)["champion"] == "1"


@pytest.mark.slow
def test_a_champion_that_is_kept_elsewhere_is_not_passed_over(project):
    shutil.rmtree(project / "models/1")

    refused = command(project, "promote", check=False)
    accepted = command(project, "promote", "--without-comparison", "the folder is lost")

    assert refused.returncode == 1
    assert "cannot be compared with version 1" in refused.stdout
    assert "version 2 is champion" in accepted.stdout


@pytest.mark.slow
def test_limits_of_conf_and_a_changed_model_file_are_noticed(project):
    gates = project / "conf/gates.yaml"
    text = gates.read_text().replace("max_calibration_error: null", "max_calibration_error: 0.0")
    gates.write_text(text)
    limited = command(project, "promote", "evaluation.floor=1.0", check=False)
    model = project / "models/2/model.skops"
    model.chmod(0o644)
    model.write_bytes(model.read_bytes() + b" ")
    changed = command(project, "models", check=False)

    assert "not promoted: minimum, calibration" in limited.stderr
    assert changed.returncode == 2
    assert "models/2/model.skops: not the file that `train` wrote" in changed.stderr
