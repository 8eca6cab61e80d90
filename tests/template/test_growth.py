"""`copier update --data scaffold=mvp` adds whole files and keeps every edit of the project."""

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
import yaml

from tests.conftest import Render, run
from tests.template.test_update import commit

ANSWERS = ".copier-answers.yml"
ROWS: list[dict[str, str]] = [
    {"task": "classification", "ci": "github", "owner": "@org/team"},
    {"task": "regression", "ci": "gitlab"},
    {"ci": "none", "tracker": "mlflow", "queue": "redis"},
]


def contents(project: Path) -> dict[str, bytes]:
    """Every file of a project by its path, but the answers."""
    paths = [path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts]
    named = {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in named.items() if name != ANSWERS}


@pytest.mark.parametrize("answers", ROWS, ids=lambda row: "-".join(row.values()))
def test_a_larger_scaffold_only_adds_whole_files(render: Render, answers):
    poc, mvp = (contents(render(scaffold=name, **answers)) for name in ("poc", "mvp"))

    assert not set(poc) - set(mvp)
    assert [name for name in poc if poc[name] != mvp[name]] == []
    assert len(set(mvp) - set(poc)) > 30


def append(name: str, text: str) -> Callable[[Path], None]:
    def edit(project: Path) -> None:
        path = project / name
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    return edit


def swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(project: Path) -> None:
        path = project / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def uv_add(*words: str) -> Callable[[Path], None]:
    def edit(project: Path) -> None:
        run("uv", "add", "--quiet", "--no-sync", *words, cwd=project)

    return edit


def local_package(project: Path) -> None:
    """A package in the repository that the project uses as it is being written."""
    folder = project / "packages/own-tools/src/own_tools"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""Ours."""\n')
    (project / "packages/own-tools/pyproject.toml").write_text(
        '[project]\nname = "own-tools"\nversion = "0.1.0"\n\n'
        '[build-system]\nrequires = ["uv_build>=0.9,<1"]\nbuild-backend = "uv_build"\n'
    )
    run("uv", "add", "--quiet", "--no-sync", "--editable", "packages/own-tools", cwd=project)


PACKAGE = "src/my_model"
# What people do to a project in its first weeks, and a text that must still stand after growth.
EDITS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "readme": (append("README.md", "\nOur own words.\n"), "README.md", "Our own words."),
    "conf": (
        swap("conf/default.yaml", "seed: 0 # for models", "seed: 7 # ours"),
        "conf/default.yaml",
        "seed: 7",
    ),
    "train": (
        swap(f"{PACKAGE}/executor/train.py", "    _tell(config,", "    # ours\n    _tell(config,"),
        f"{PACKAGE}/executor/train.py",
        "# ours",
    ),
    "evaluate": (
        append(f"{PACKAGE}/executor/evaluate.py", "\n\nOURS = 1\n"),
        f"{PACKAGE}/executor/evaluate.py",
        "OURS = 1",
    ),
    "report": (
        append(f"{PACKAGE}/evaluation/sections/summary.py", "\n\nOURS = 1\n"),
        f"{PACKAGE}/evaluation/sections/summary.py",
        "OURS = 1",
    ),
    "tests": (
        append("tests/test_main.py", "\n\ndef test_ours():\n    assert 1 + 1 == 2\n"),
        "tests/test_main.py",
        "def test_ours",
    ),
    "ci": (
        append(".github/workflows/test.yml", "# our remark\n"),
        ".github/workflows/test.yml",
        "# our remark",
    ),
    "pre-commit": (
        append(".pre-commit-config.yaml", "# our remark\n"),
        ".pre-commit-config.yaml",
        "# our remark",
    ),
    "dependency-line": (
        swap("pyproject.toml", '    "numpy>=2.2",', '    "numpy>=2.2",\n    "packaging>=24",'),
        "pyproject.toml",
        '"packaging>=24"',
    ),
    "uv-add": (uv_add("idna>=3"), "pyproject.toml", '"idna>=3"'),
    "uv-add-dev": (uv_add("--dev", "iniconfig>=2"), "pyproject.toml", '"iniconfig>=2"'),
    "uv-add-optional": (
        uv_add("--optional", "extra", "six>=1.16"),
        "pyproject.toml",
        '"six>=1.16"',
    ),
    "uv-add-editable": (local_package, "pyproject.toml", "own-tools"),
    "last-line": (
        swap("pyproject.toml", "exhaustive = true", "exhaustive = true # yes"),
        "pyproject.toml",
        "exhaustive = true # yes",
    ),
    "own-table": (append("pyproject.toml", "\n[tool.ours]\nx = 1\n"), "pyproject.toml", "ours"),
    "pytest-option": (
        swap("pyproject.toml", '"--strict-config"]', '"--strict-config", "--durations=3"]'),
        "pyproject.toml",
        "--durations=3",
    ),
}


@pytest.fixture
def released(template: Path, tmp_path: Path) -> Path:
    """The working tree as a git repository of one version."""
    repository = tmp_path / "copier-ml"
    shutil.copytree(template, repository)
    run("git", "init", "--quiet", cwd=repository)
    commit(repository, "One", "v1.0.0")
    return repository


def started(released: Path, project: Path) -> Path:
    copier.run_copy(str(released), project, defaults=True, quiet=True, unsafe=False)
    run("git", "init", "--quiet", cwd=project)
    commit(project, "Start")
    return project


def grow(project: Path) -> None:
    """The line that `checklist promote mvp` prints."""
    copier.run_update(
        project, data={"scaffold": "mvp"}, defaults=True, overwrite=True, quiet=True, unsafe=False
    )


def assert_kept(project: Path, edits: list[str]) -> None:
    for _, file, text in (EDITS[name] for name in edits):
        assert text in (project / file).read_text(encoding="utf-8"), (file, text)
    assert not run("git", "ls-files", "--unmerged", cwd=project).stdout
    run("git", "diff", "--check", cwd=project)
    content = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"dev", "serving"} <= set(content["dependency-groups"])
    assert yaml.safe_load((project / ANSWERS).read_text())["scaffold"] == "mvp"
    assert (project / PACKAGE / "serving/__init__.py").is_file()


def test_growing_keeps_every_kind_of_edit(released, tmp_path):
    project = started(released, tmp_path / "project")
    for edit, _, _ in EDITS.values():
        edit(project)
    commit(project, "Ours")

    grow(project)

    assert_kept(project, list(EDITS))


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
def test_growing_keeps_each_edit_alone(released, tmp_path, name):
    project = started(released, tmp_path / "project")
    EDITS[name][0](project)
    commit(project, "Ours")

    grow(project)

    assert_kept(project, [name])


@pytest.mark.slow
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_grown_project_with_edits_is_green_at_once(released, tmp_path, task):
    project = tmp_path / "project"
    copier.run_copy(str(released), project, data={"task": task}, defaults=True, quiet=True)
    run("git", "init", "--quiet", cwd=project)
    run("make", "setup", cwd=project)
    commit(project, "Start")
    for edit, _, _ in EDITS.values():
        edit(project)
    commit(project, "Ours")

    grow(project)
    run("make", "setup", "check", "test", cwd=project)

    assert_kept(project, list(EDITS))
