"""Projects with a champion, and the tests of in_project/ run in them."""

import shutil
from pathlib import Path

from tests.conftest import copy_installed, run


def do(project: Path, *words: str) -> None:
    """A command of the project, on its own source."""
    python = str(project / ".venv/bin/python")
    run(python, "-m", "my_model", *words, cwd=project, PYTHONPATH="src")


def promoted(installed: Path, to: Path) -> Path:
    """A copy of an installed project, with a champion that passed its gates."""
    project = copy_installed(installed, to)
    for command in ("train", "evaluate", "register", "promote"):
        do(project, command)
    return project


def check_machinery(project: Path, name: str, folder: str, *, whole_folder: bool = False) -> None:
    """in_project/<name>.py holds, with the fixtures of the shipped tests in `folder`.

    whole_folder: the shipped tests there run too.
    """
    source = Path(__file__).parent / "in_project" / f"{name}.py"
    shutil.copy2(source, project / folder / "test_machinery.py")
    tests = folder if whole_folder else f"{folder}/test_machinery.py"
    command = [str(project / ".venv/bin/pytest"), "-q", tests]
    done = run(*command, cwd=project, PYTHONPATH="src")

    assert "passed" in done.stdout
    assert "skipped" not in done.stdout
