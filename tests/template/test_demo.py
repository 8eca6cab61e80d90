"""`make demo` in a fresh clone ends on the checklist and leaves the clone's own .git alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import run


def test_demo_ends_on_the_checklist_and_the_next_commands(demo):
    project, said = demo

    assert (project / "reports/evaluation.json").is_file()
    assert (project / ".git/hooks/pre-commit").is_file()
    log = run("git", "log", "--format=%s", cwd=project).stdout.splitlines()
    assert log == ["Record the first run", "Start from copier-ml"]
    assert "balanced accuracy" in said
    assert said.index("PoC") < said.index("Next")
    assert len(said[said.index("Next") :].strip().splitlines()) == 4


def test_the_hooks_of_the_demo_see_its_files(demo):
    project, _ = demo
    bad = project / "src/my_model/utils/bad.py"
    bad.write_text("import os\n")
    run("git", "add", "--all", cwd=project)

    done = run("git", "commit", "-m", "bad", cwd=project, check=False)
    run("git", "rm", "--quiet", "-f", str(bad), cwd=project)

    assert done.returncode != 0
    assert "F401" in done.stdout + done.stderr


def test_demo_replaces_an_untouched_demo_and_refuses_one_with_edits(clone, tmp_path):
    ready, project, tools = (tmp_path / name for name in ("copier-ml", "demo", "bin"))
    shutil.copytree(clone, ready, ignore=shutil.ignore_patterns("build", ".venv"))
    (ready / ".venv").mkdir()
    (ready / ".venv/bin").symlink_to(Path(sys.executable).parent)  # what `make env` leaves
    tools.mkdir()
    # Nothing is set up or trained here.
    for tool, line in (("make", 'echo "$@" >> called'), ("uv", "exit 0")):
        (tools / tool).write_text(f"#!/bin/sh\n{line}\n")
        (tools / tool).chmod(0o755)

    def demo(check: bool = True) -> subprocess.CompletedProcess[str]:
        path = f"{tools}:{os.environ['PATH']}"
        return run("hooks/demo.sh", str(project), cwd=ready, check=check, PATH=path)

    demo()
    readme = project / "README.md"
    original = readme.read_text()
    readme.write_text(original + "my words\n")
    edited = demo(check=False)
    kept = readme.read_text()
    readme.write_text(original)
    replaced = demo()

    assert edited.returncode != 0
    assert len(edited.stderr.splitlines()) == 1
    assert str(project) in edited.stderr
    assert kept == original + "my words\n"
    assert "replace " in replaced.stdout


def test_demo_refuses_a_folder_that_is_not_a_demo(clone, tmp_path):
    (tmp_path / "mine.txt").write_text("keep\n")

    done = run("make", "demo", f"DEST={tmp_path}", cwd=clone, check=False)

    assert done.returncode != 0
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_bootstrap_needs_git_make_and_python_alone(clone, tmp_path):
    fresh = tmp_path / "fresh"
    shutil.copytree(clone, fresh, ignore=shutil.ignore_patterns("build", ".venv"))

    run("make", "env", cwd=fresh, PATH="/usr/local/bin:/usr/bin:/bin")

    assert "copier" in run(str(fresh / ".venv/bin/copier"), "--version", cwd=fresh).stdout


def test_bootstrap_says_which_package_is_missing(clone, tmp_path):
    fresh = tmp_path / "fresh"
    shutil.copytree(clone, fresh, ignore=shutil.ignore_patterns("build", ".venv", ".git"))
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "dirname", "rm", "grep", "env", "make", "touch", "sh"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    # A Python as Debian ships it: no venv until python3-venv is installed.
    (tools / "python3").write_text(
        '#!/bin/bash\nif [ "$1 $2" = "-m venv" ]; then echo no ensurepip; exit 1; fi\n'
        f'exec {sys.executable} "$@"\n'
    )
    (tools / "python3").chmod(0o755)

    no_venv = run("make", "env", cwd=fresh, check=False, PATH=str(tools))
    (tools / "python3").write_text("#!/bin/bash\nexit 1\n")
    old = run("make", "env", cwd=fresh, check=False, PATH=str(tools))

    assert "python3-venv" in no_venv.stderr
    assert "Python 3.11 or newer is missing" in old.stderr
    assert not (fresh / ".venv/bin/python").exists()
