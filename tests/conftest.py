"""Rendered projects for the tests; nothing of the machine's own settings leaks in."""

import os
import shutil
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import copier
import pytest
from filelock import FileLock

from tests import warm
from tests.histories import quick

ROOT = Path(__file__).resolve().parent.parent
Render = Callable[..., Path]
# What a project is made of; the rest of this repository is no part of a version.
TEMPLATE_ROOTS = ("checklists", "components.yml", "copier.yml", "hooks", "template")


# Folders and files whose tests take longest: they begin first, so that no worker waits for one.
LONGEST = ("template/test_project.py", "generated/", "components/", "template/", "versions/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first; else in their order."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT / "tests").as_posix()
        found = (i for i, name in enumerate(LONGEST) if path.startswith(name))
        return next(found, len(LONGEST))

    items.sort(key=place)


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
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run that is the same for all its workers."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """`folder`, made by the first worker that asks for it; the others wait. Not to be changed."""
    done = folder.with_name(f"{folder.name}.done")
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
            make(folder)
            done.touch()
    return folder


def row_name(answers: dict[str, Any]) -> str:
    """A name for a folder, the same for the same answers."""
    return sha256(repr(sorted(answers.items())).encode()).hexdigest()[:12]


@pytest.fixture(scope="session")
def template(shared: Path) -> Path:
    """The working tree as a template without git: what a release of it would hold."""

    def make(folder: Path) -> None:
        names = [name for name in tracked_files() if name.split("/")[0] in TEMPLATE_ROOTS]
        copy_tree(names, folder)

    return once(shared / "template", make)


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
def rendered(template: Path, shared: Path) -> Render:
    """`rendered(**answers)`: a project made from the working tree, once; not to be changed."""

    def make(**answers: Any) -> Path:
        return once(
            shared / row_name(answers) / "project", lambda to: run_copy(template, to, **answers)
        )

    return make


@pytest.fixture(scope="session")
def render(template: Path, rendered: Render, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """`render(destination=None, **answers)`: the same, to be changed."""

    def make(destination: Path | None = None, **answers: Any) -> Path:
        if destination and destination.exists():
            return run_copy(template, destination, **answers)
        destination = destination or tmp_path_factory.mktemp("project")
        copied: Path = shutil.copytree(rendered(**answers), destination, dirs_exist_ok=True)
        return copied

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
    """Run a command; on failure the error carries its output.

    A command of a rendered project runs in a process that has its packages imported: warm.py.
    """
    environment = {**os.environ, **env}
    if (cwd / ".venv").is_symlink():  # an environment of another project, with its source
        environment.setdefault("PYTHONPATH", str(cwd / "src"))
    if warm.can_run(command, cwd, environment):
        done = warm.run(command, cwd, environment)
    else:
        done = subprocess.run(
            command,
            cwd=cwd,
            text=True,
            capture_output=True,
            env=environment,
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
    written = shutil.ignore_patterns(".venv", "logs", "reports", "models")
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
        for folder, _, files in os.walk(made):
            target = environment / Path(folder).relative_to(made)
            if target.name == "__pycache__" and target.parent.is_dir():
                target.mkdir(exist_ok=True)
                for name in set(files) - {path.name for path in target.iterdir()}:
                    os.link(Path(folder, name), target / name)
    (environments / uuid.uuid4().hex).symlink_to(environment)


@pytest.fixture(scope="session")
def environments(shared: Path) -> Path:
    """A folder with a link to each environment that a worker of this test run has made."""
    folder = shared / "environments"
    folder.mkdir(exist_ok=True)
    return folder


def share_types(kept: Path, project: Path) -> None:
    """Keep what mypy knows of the packages from its first run in this test run; give it to others.

    mypy compares the hash of each source with the one that it knows.
    """
    with FileLock(kept.with_name("types.lock")):
        if (project / ".mypy_cache").exists() and not kept.exists():
            shutil.copytree(project / ".mypy_cache", kept)
        elif kept.exists() and not (project / ".mypy_cache").exists():
            shutil.copytree(kept, project / ".mypy_cache")


@pytest.fixture(scope="session")
def set_up_project(render: Render, shared: Path, environments: Path) -> Callable[..., Path]:
    """`set_up_project(**answers)`: rendered, set up with `make setup` and committed; once a row.

    It has an environment of its own. Shared by all workers: copy it before you change it.
    """

    def set_up(to: Path, **answers: Any) -> None:
        render(to, **answers)
        run("git", "init", "--quiet", cwd=to)
        run("make", "setup", cwd=to)
        share_bytecode(environments, to / ".venv")
        commit(to, "Start")

    def make(**answers: Any) -> Path:
        folder = shared / "set-up" / row_name(answers)
        folder.mkdir(parents=True, exist_ok=True)
        return once(folder / "project", lambda to: set_up(to, **answers))

    return make


# Projects whose environments the others share, the smaller first.
ENVIRONMENTS: tuple[dict[str, Any], ...] = (
    {},
    {
        "scaffold": "production",
        "task": "regression",
        "ci": "gitlab",
        "licence": "proprietary",
        "components": ["runs"],
    },
)


def packages(project: Path) -> set[str]:
    """The packages that a project names."""
    content = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    groups = content["dependency-groups"].values()
    return {*content["project"]["dependencies"], *(name for group in groups for name in group)}


@pytest.fixture(scope="session")
def installed_project(
    rendered: Render, set_up_project: Render, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """`installed_project(**answers)`: rendered and committed, with an environment; once a row.

    The environment is that of another project with these packages and more, where there is one;
    run the code of this project with PYTHONPATH=src. Copy the project before you change it.
    """
    made: dict[str, Path] = {}

    def with_environment(**answers: Any) -> Path:
        source = rendered(**answers)
        for base in ENVIRONMENTS:
            if packages(source) <= packages(rendered(**base)):
                project = tmp_path_factory.mktemp("installed") / "project"
                shutil.copytree(source, project)
                run("uv", "lock", "--quiet", cwd=project)
                commit(project, "Start")
                (project / ".git/info/exclude").write_text("/.venv\n")  # .gitignore: folders alone
                (project / ".venv").symlink_to(set_up_project(**base) / ".venv")
                return project
        return set_up_project(**answers)

    def make(**answers: Any) -> Path:
        key = row_name(answers)
        if key not in made:
            made[key] = with_environment(**answers)
        return made[key]

    return make
