"""Ten thousand requests made up from its own description get no 5xx from a generated service."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

N_FORMS = 4  # two paths, each with valid and with invalid requests
N_REQUESTS = 10_000


@pytest.mark.slow
def test_ten_thousand_made_up_requests_get_no_5xx(installed_project: Callable[..., Path]) -> None:
    project = installed_project(scaffold="mvp")
    done = subprocess.run(
        [project / ".venv/bin/pytest", "-q", "tests/serving", "-k", "makes_the_service_fail"],
        cwd=project,
        env=os.environ | {"FUZZ_REQUESTS": str(N_REQUESTS // N_FORMS), "PYTHONPATH": "src"},
        text=True,
        capture_output=True,
    )

    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) == N_FORMS
