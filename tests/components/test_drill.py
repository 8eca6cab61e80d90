"""Two minutes of faults against scaffold production; `make drill` plays twenty."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.components.projects import promoted
from tests.conftest import ROOT, run

# File of serving, a text in it, and what stands there instead.
PLANTED = [
    # Of one in sixteen requests the predictions are missing from the log, and nobody counts them.
    (
        "middleware.py",
        "            self.metrics.n_out.inc(",
        '            if request_id[0] == "0":\n'
        '                facts.pop("predictions", None)\n'
        "            self.metrics.n_out.inc(",
    ),
    # As many are missing from the trail, and memory grows with each request.
    (
        "middleware.py",
        "            record(scope)\n",
        '            LOST.kept = [*getattr(LOST, "kept", []), bytes([1]) * 2**15]\n'
        '            if facts["request_id"][0] != "0":\n'
        "                record(scope)\n",
    ),
    # Feedback to one in sixteen predictions divides by zero.
    (
        "app.py",
        "= body.model_dump()",
        "= body.model_dump() | {1: 1 / int(body.prediction_id[0], 16)}",
    ),
]
FOUND = {
    "late labels are joined",
    "no 5xx or wrong status but planted ones",
    "predictions are logged or counted",
    "the trail has one line a request",
    "memory is flat",
}


@pytest.fixture(scope="module")
def production(installed_project, tmp_path_factory) -> Path:
    """A project of scaffold production with a champion."""
    installed = installed_project(scaffold="production")
    return promoted(installed, tmp_path_factory.mktemp("drill") / "project")


def drill(project: Path) -> tuple[int, set[str], str]:
    """Exit code, the checks that failed, and everything printed."""
    command = [sys.executable, "bench/drill.py", str(project), "--minutes", "2"]
    done = run(*command, cwd=ROOT, check=False)
    failed = re.findall(r"(?m)^FAILS  (.+?)  ", done.stdout)
    return done.returncode, set(failed), done.stdout + done.stderr


@pytest.mark.slow
def test_every_request_is_accounted_for_under_faults(production):
    code, failed, text = drill(production)

    assert (code, failed) == (0, set()), text
    assert text.count("\nholds  ") > 25


@pytest.mark.slow
def test_what_is_planted_in_the_service_is_found(production, tmp_path):
    project = shutil.copytree(production, tmp_path / "project", symlinks=True)
    for name, old, new in PLANTED:
        path = project / "src/my_model/serving" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")
    code, failed, text = drill(project)

    assert (code, failed) == (1, FOUND), text
