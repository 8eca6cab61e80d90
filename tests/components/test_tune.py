"""A search that is killed at moments that nobody chose goes on, and no finished trial is lost."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import copy_installed, run

N_TRIALS, MOST_KILLS = 12, 40
READ = """
import json, sys, optuna
from optuna.storages.journal import JournalFileBackend
from pathlib import Path
optuna.logging.set_verbosity(optuna.logging.ERROR)
(path,) = Path("logs/studies").glob("*.journal")
storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
study = optuna.load_study(study_name=path.stem, storage=storage)
print(json.dumps({t.number: [t.value, t.params] for t in study.trials if t.state.is_finished()}))
"""


def finished(project: Path) -> dict[str, object]:
    """Number of each finished trial -> its value and parameters."""
    if not list(project.glob("logs/studies/*.journal")):
        return {}
    done = run(str(project / ".venv/bin/python"), "-c", READ, cwd=project, check=False)
    trials: dict[str, object] = json.loads(done.stdout or "{}")
    return trials


@pytest.mark.slow
def test_a_search_killed_at_random_loses_no_trial_and_ends(installed_project, tmp_path):
    installed, project = installed_project(components=["tune"]), tmp_path / "project"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__")
    shutil.copytree(installed, project, ignore=ignored)
    (project / ".venv").symlink_to(installed / ".venv")
    conf = project / "conf/search.yaml"
    conf.write_text(re.sub(r"(?m)^n_trials: \d+", f"n_trials: {N_TRIALS}", conf.read_text()))
    command = [str(project / ".venv/bin/python"), "-m", "my_model", "tune"]
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    moments, n_kills, before = random.Random(7), 0, dict[str, object]()
    while n_kills < MOST_KILLS:
        process = subprocess.Popen(
            command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        # A line is a trial, after a head. And a moment into the next.
        for _ in range(moments.randrange(2, 7)):
            process.stdout.readline()
        time.sleep(moments.uniform(0, 0.2))
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        n_kills += 1
        after = finished(project)
        assert {number: after[number] for number in before} == before, "a trial was lost"
        before = after
    study = json.loads((project / "reports/study.json").read_text())

    assert n_kills >= 2
    assert process.returncode == 0
    assert len(finished(project)) == study["n_trials"] == N_TRIALS


@pytest.mark.slow
def test_words_change_values_of_the_search_for_one_call(installed_project, tmp_path):
    project = copy_installed(installed_project(components=["tune"]), tmp_path / "project")
    tune = [str(project / ".venv/bin/python"), "-m", "my_model", "tune"]
    done = run(*tune, "n_trials=2", "n_folds=2", cwd=project, PYTHONPATH="src")
    refused = run(*tune, "budget.n_trials=2", cwd=project, check=False, PYTHONPATH="src")

    assert json.loads((project / "reports/study.json").read_text())["n_trials"] == 2
    assert "2 trials, 0 of them done before" in done.stdout
    assert refused.returncode == 2
    assert "unknown key 'budget'; known: n_trials" in refused.stderr
