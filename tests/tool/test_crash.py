"""Killed at any moment, a tick is whole or not there."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ml_checklist import files, yaml_io

HOOKS = Path(__file__).resolve().parents[2] / "hooks"
WRITER = """
import sys
from pathlib import Path
from ml_checklist.state import signatures
print("ready", flush=True)
n = 0
while True:
    n += 1
    signatures.write(Path(sys.argv[1]), "ticks", "scoping.users", {
        "status": "done", "by": "@ann", "date": "2026-11-20", "item_rev": 1,
        "evidence": [{"url": f"https://example.org/{n}/" + "x" * 20000}],
    })
"""


@pytest.mark.parametrize("seed", range(8))
def test_a_killed_writer_leaves_a_whole_tick(tmp_path, seed):
    env = {**os.environ, "PYTHONPATH": str(HOOKS)}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], env=env, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(random.Random(seed).uniform(0.0, 0.06))
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    path = tmp_path / "checklist/ticks/scoping.users.yml"

    assert not path.exists() or yaml_io.load(path)["evidence"][0]["url"].endswith("x" * 20000)


def test_what_a_killed_writer_left_behind_is_no_tick(project):
    project.write("checklist/ticks/.scoping.users.yml.abc.part", "status: do")

    assert project.run("validate").code == 0


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, failing):
    files.write(tmp_path / "a.yml", "old\n")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space"):
        files.write(tmp_path / "a.yml", "new\n")

    assert [path.read_text() for path in tmp_path.iterdir()] == ["old\n"]
