"""A search that is killed again and again, at moments that nobody chose."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import run

MOST_KILLS = 100


def finished(project: Path) -> dict[int, dict[str, object]]:
    """The records of trials that are over, by number; two of one number are a failure."""
    records = [json.loads(path.read_text()) for path in project.glob("logs/*/run.json")]
    done = [r for r in records if r["command"] == "tune" and r["status"] == "finished"]
    known = {record["trial"]: record for record in done}
    assert len(known) == len(done), "a trial was run twice"
    return known


@pytest.mark.slow
def test_a_search_killed_at_random_loses_nothing_repeats_nothing_and_ends(
    installed_project, tmp_path
):
    project = tmp_path / "project"
    made = installed_project(scaffold="mvp")
    shutil.copytree(made, project, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    run("uv", "sync", "--quiet", "--group", "tuning", "--group", "serving", cwd=project)
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(project, undisturbed, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    program = str(project / ".venv/bin/my-model")
    moments, kills, before = random.Random(7), 0, dict[int, dict[str, object]]()
    while kills < MOST_KILLS:
        process = subprocess.Popen(
            [program, "tune"], cwd=project, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        # A line is a step: preparation, the head, then a trial each. And a moment into the next.
        for _ in range(moments.randrange(8)):
            process.stdout.readline()
        time.sleep(moments.uniform(0, 0.3))
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        kills += 1
        after = finished(project)
        assert {number: after[number] for number in before} == before, "a trial was lost"
        before = after
    run(program, "tune", cwd=undisturbed)
    known, expected = finished(project), finished(undisturbed)
    study = json.loads((project / "reports/study.json").read_text())

    assert kills >= 3
    assert process.returncode == 0
    assert sorted(known) == list(range(1, study["budget"]["n_trials"] + 1))
    assert study["n_trials"] == len(known)
    for number, record in expected.items():
        assert known[number]["parameters"] == record["parameters"]
        assert known[number]["value"] == record["value"]
