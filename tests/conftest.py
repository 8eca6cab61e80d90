"""Rendered projects for the tests; nothing of the machine's own settings leaks in."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import copier
import pytest

from tests.histories import quick

ROOT = Path(__file__).resolve().parent.parent
Render = Callable[..., Path]
# What a project is made of; the rest of this repository is no part of a version.
TEMPLATE_ROOTS = ("checklists", "components.yml", "copier.yml", "hooks", "template")


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Git, Copier and Python settings of the test run alone."""
    home = tmp_path_factory.mktemp("settings")
    # An empty settings file crashes Copier 9.19.1, an empty mapping does not.
    (home / "copier.yml").write_text("{}\n")
    (home / "gitconfig").write_text(
        "[user]\n\tname = Tess Ter\n\temail = tess@example.org\n[init]\n\tdefaultBranch = main\n"
        "[commit]\n\tgpgsign = false\n[core]\n\tautocrlf = false\n"
    )
    settings = {
        "COPIER_SETTINGS_PATH": str(home / "copier.yml"),
        "COPIER_CACHE_DIR": str(home / "copier-cache"),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_COLOR": "1",
        "COLUMNS": "110",  # else the width of whatever runs the tests decides where lines break
        # uv of requirements-dev.txt, where the machine has none.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    # GIT_AUTHOR_NAME and its like hide what a machine without them does; GIT_DIR is another's.
    dropped = [name for name in os.environ if name.startswith("GIT_")]
    # The projects have environments of their own, and are tested as at home.
    dropped += [
        "PYTHONDONTWRITEBYTECODE",
        "VIRTUAL_ENV",
        "UV_PROJECT_ENVIRONMENT",
        "PYTHONPATH",
        "CI",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name in dropped:
            patch.delenv(name, raising=False)
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


def tracked_files() -> list[str]:
    """Files of this repository that git knows or would add and that are there; relative, sorted."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def copy_tree(names: list[str], to: Path) -> Path:
    """Copy `names` of this repository below `to`."""
    for name in names:
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return to


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as a template without git: what a release of it would hold."""
    names = [name for name in tracked_files() if name.split("/")[0] in TEMPLATE_ROOTS]
    return copy_tree(names, tmp_path_factory.mktemp("template"))


def run_copy(template: Path, destination: Path, **answers: Any) -> Path:
    """`copier copy --defaults` in process, without trust; each text is compiled once a worker."""
    with quick.quick():
        copier.run_copy(
            str(template),
            destination,
            data=answers,
            defaults=True,
            quiet=True,
            unsafe=False,
            overwrite=True,
        )
    return destination


@pytest.fixture(scope="session")
def render(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """`render(destination=None, **answers)`: a project made from the working tree."""

    def make(destination: Path | None = None, **answers: Any) -> Path:
        return run_copy(template, destination or tmp_path_factory.mktemp("project"), **answers)

    return make


@pytest.fixture(scope="session")
def rendered(render: Render) -> Render:
    """`rendered(**answers)`: the same, made once a worker; not to be changed."""
    made: dict[str, Path] = {}

    def make(**answers: Any) -> Path:
        key = repr(sorted(answers.items()))
        if key not in made:
            made[key] = render(**answers)
        return made[key]

    return make


@pytest.fixture(scope="session")
def small_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without the checklist tool and the catalog, for questions of the rest alone."""
    small = tmp_path_factory.mktemp("small")
    shutil.copytree(
        template,
        small,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("ml_checklist", "catalog", "checklists"),
    )
    return small


def run(
    *command: str, cwd: Path, check: bool = True, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command; on failure the error carries its output."""
    done = subprocess.run(
        command,
        cwd=cwd,
        text=True,
        capture_output=True,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode:
        raise AssertionError(
            f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
    return done


def commit(folder: Path, message: str, tag: str | None = None) -> None:
    """Commit everything in `folder`, which becomes a repository if it is none."""
    if not (folder / ".git").exists():
        run("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--no-verify", "--allow-empty", "-m", message, cwd=folder)
    if tag:
        run("git", "tag", tag, cwd=folder)


def update(project: Path, **answers: Any) -> list[str]:
    """`copier update --defaults`, without trust; the files in conflict."""
    copier.run_update(
        project, data=answers, defaults=True, overwrite=True, quiet=True, unsafe=False
    )
    marked = run("git", "grep", "-l", "^<<<<<<< before", cwd=project, check=False).stdout
    return sorted(marked.split())


def copy_installed(installed: Path, to: Path) -> Path:
    """A copy of an installed project without what its commands wrote; it shares the environment."""
    written = shutil.ignore_patterns(".venv", "__pycache__", "logs", "reports", "models")
    shutil.copytree(installed, to, ignore=written)
    (to / ".venv").symlink_to(installed / ".venv")
    return to


def share_bytecode(environments: Path, environment: Path) -> None:
    """Link into an environment what Python compiled for the others, and list it beside them.

    An import of scikit-learn compiles for 4 s. Python itself compares the time and size of a
    source with those that its bytecode is of, and compiles it anew where they differ.
    """
    for other in environments.iterdir():
        made = other.resolve()
        for file in made.rglob("__pycache__/*.pyc"):
            target = environment / file.relative_to(made)
            if target.parent.parent.is_dir() and not target.exists():
                target.parent.mkdir(exist_ok=True)
                os.link(file, target)
    (environments / uuid.uuid4().hex).symlink_to(environment)


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a link to each environment that a worker of this test run has made."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "environments"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def installed_project(
    render: Render, tmp_path_factory: pytest.TempPathFactory, environments: Path
) -> Callable[..., Path]:
    """`installed_project(**answers)`: rendered, set up with `make setup` and committed; once a row.

    Shared by the tests of a worker: copy it before you change it.
    """
    made: dict[str, Path] = {}

    def make(**answers: Any) -> Path:
        key = repr(sorted(answers.items()))
        if key not in made:
            project = render(tmp_path_factory.mktemp("installed") / "project", **answers)
            run("git", "init", "--quiet", cwd=project)
            run("make", "setup", cwd=project)
            share_bytecode(environments, project / ".venv")
            run("git", "add", "--all", cwd=project)
            run("git", "commit", "--quiet", "--message", "Start", cwd=project)
            made[key] = project
        return made[key]

    return make
