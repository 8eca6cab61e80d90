"""Ten thousand requests made up from its own description get no 5xx from a generated service."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

N_FORMS = 8  # four paths, each asked with fit and with unfit requests
N_REQUESTS = 10_000


@pytest.mark.slow
def test_ten_thousand_made_up_requests_get_no_5xx(installed_project: Callable[..., Path]) -> None:
    project = installed_project(scaffold="mvp")
    done = subprocess.run(
        [project / ".venv/bin/pytest", "-q", "tests/serving/test_service_fuzz.py"],
        cwd=project,
        env=os.environ | {"FUZZ_REQUESTS": str(N_REQUESTS // N_FORMS)},
        text=True,
        capture_output=True,
    )

    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > N_FORMS
