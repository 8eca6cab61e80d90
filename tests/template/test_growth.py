"""`copier update` adds a scaffold or a component as whole files, and keeps every edit."""

import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Render, commit, run, run_copy, update
from tests.histories import quick

ANSWERS = ".copier-answers.yml"
# Both hold the answers: the one as text, the other as groups of packages.
CHANGED = {ANSWERS, "pyproject.toml"}


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    """Copier without a git process for each file that it renders."""
    with quick.quick():
        yield


def contents(project: Path) -> dict[str, bytes]:
    """Every file of a project by its path, but those that every component changes."""
    paths = [path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts]
    named = {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in named.items() if name not in CHANGED}


@pytest.mark.parametrize(
    "answers",
    [
        {"task": "classification", "ci": "github", "owner": "@org/team"},
        {"task": "regression", "ci": "gitlab"},
        {"ci": "none", "components": ["worker", "explain"]},
    ],
    ids=["github", "gitlab", "none"],
)
def test_a_larger_scaffold_only_adds_whole_files(rendered: Render, answers):
    poc, mvp = (contents(rendered(scaffold=name, **answers)) for name in ("poc", "mvp"))

    assert not set(poc) - set(mvp)
    assert [name for name in poc if poc[name] != mvp[name]] == []
    assert len(set(mvp) - set(poc)) > 10


def test_a_component_only_adds_whole_files(rendered: Render):
    without, having = contents(rendered()), contents(rendered(components=["worker", "explain"]))

    assert [name for name in without if having.get(name) != without[name]] == []


Edit = Callable[[Path], None]


def append(name: str, text: str) -> Edit:
    def edit(project: Path) -> None:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return edit


def swap(name: str, old: str, new: str) -> Edit:
    def edit(project: Path) -> None:
        path = project / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def uv_add(*words: str) -> Edit:
    def edit(project: Path) -> None:
        run("uv", "add", "--quiet", "--frozen", *words, cwd=project)

    return edit


def new_file(name: str, text: str) -> Edit:
    def edit(project: Path) -> None:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")

    return edit


PACKAGE = "src/my_model"
OURS = "\n\nOURS = 1\n"
# What people do to a project in its first weeks, and a text that must still stand afterwards.
EDITS: dict[str, tuple[Edit, str, str]] = {
    "readme": (append("README.md", "\nOur own words.\n"), "README.md", "Our own words."),
    "conf": (append("conf/default.yaml", "# ours\n"), "conf/default.yaml", "# ours"),
    "train": (
        append(f"{PACKAGE}/executor/train.py", OURS),
        f"{PACKAGE}/executor/train.py",
        "OURS = 1",
    ),
    "features": (
        append(f"{PACKAGE}/model/features.py", OURS),
        f"{PACKAGE}/model/features.py",
        "OURS = 1",
    ),
    "own-module": (
        new_file(f"{PACKAGE}/executor/ours.py", '"""Ours."""\n'),
        f"{PACKAGE}/executor/ours.py",
        "Ours.",
    ),
    "own-test": (
        new_file("tests/test_ours.py", "def test_ours():\n    assert 1 + 1 == 2\n"),
        "tests/test_ours.py",
        "def test_ours",
    ),
    "card": (append("docs/data-card.md", "\nOurs.\n"), "docs/data-card.md", "Ours."),
    "makefile": (append("Makefile", "\nours: ## ours\n\t@echo ours\n"), "Makefile", "echo ours"),
    "ci": (
        append(".github/workflows/test.yml", "# our remark\n"),
        ".github/workflows/test.yml",
        "# our remark",
    ),
    "uv-add": (uv_add("idna>=3"), "pyproject.toml", '"idna>=3"'),
    "uv-add-dev": (uv_add("--dev", "iniconfig>=2"), "pyproject.toml", '"iniconfig>=2"'),
    "uv-add-optional": (
        uv_add("--optional", "extra", "six>=1.16"),
        "pyproject.toml",
        '"six>=1.16"',
    ),
    "last-line": (
        swap("pyproject.toml", "exhaustive = true", "exhaustive = true # yes"),
        "pyproject.toml",
        "exhaustive = true # yes",
    ),
    "own-table": (append("pyproject.toml", "\n[tool.ours]\nx = 1\n"), "pyproject.toml", "ours"),
}
# Change -> (answers before, answers given at the update, a file that is new, a file that goes).
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "poc to mvp": ({}, {"scaffold": "mvp"}, "conf/service.yaml", ""),
    "mvp to production": (
        {"scaffold": "mvp"},
        {"scaffold": "production"},
        "conf/monitoring.yaml",
        "",
    ),
    "a component": ({}, {"components": ["batch", "docs"]}, "mkdocs.yml", ""),
    "another for one": (
        {"components": ["docs", "tune"]},
        {"components": ["tune", "fairness"], "remove": ["docs"]},
        "conf/fairness.yaml",
        "mkdocs.yml",
    ),
    "none": (
        {"scaffold": "mvp", "components": ["docs"]},
        {"components": [], "remove": ["docs"]},
        "conf/service.yaml",
        "mkdocs.yml",
    ),
}


@pytest.fixture(scope="module")
def released(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without tool and catalog, as a version."""
    folder = shutil.copytree(small_template, tmp_path_factory.mktemp("grown") / "copier-ml")
    commit(folder, "One", "v1.0.0")
    return folder


def grown(released: Path, project: Path, change: str, edits: list[str]) -> list[str]:
    """A project with edits after a change; the files in conflict."""
    before, given, _, _ = CHANGES[change]
    run_copy(released, project, **before)
    commit(project, "Start")
    for name in edits:
        EDITS[name][0](project)
    commit(project, "Ours")
    return update(project, **given)


def assert_kept(project: Path, change: str, edits: list[str]) -> None:
    _, given, arrived, gone = CHANGES[change]
    for _, file, text in (EDITS[name] for name in edits):
        assert text in (project / file).read_text(encoding="utf-8"), (file, text)
    run("git", "diff", "--check", cwd=project)
    tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    answers = yaml.safe_load((project / ANSWERS).read_text())
    assert given.get("components", answers["components"]) == answers["components"]
    assert (project / arrived).is_file()
    assert not gone or not (project / gone).exists()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_keeps_every_kind_of_edit(released, tmp_path, change):
    project = tmp_path / "project"

    torn = grown(released, project, change, list(EDITS))

    assert torn == []
    assert_kept(project, change, list(EDITS))


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
def test_growing_keeps_each_edit_alone(released, tmp_path, name):
    project = tmp_path / "project"

    torn = grown(released, project, "poc to mvp", [name])

    assert torn == []
    assert_kept(project, "poc to mvp", [name])


def test_a_component_that_is_switched_off_takes_its_edited_files_and_git_keeps_them(
    released, tmp_path
):
    project = run_copy(released, tmp_path / "project", components=["docs"])
    (project / "mkdocs.yml").write_text("# ours\n")
    new_file("docs/ours.md", "# Ours\n")(project)
    commit(project, "Ours")

    update(project, components=[], remove=["docs"])

    assert not (project / "mkdocs.yml").exists()
    assert (project / "docs/ours.md").read_text() == "# Ours\n"
    assert run("git", "show", "HEAD:mkdocs.yml", cwd=project).stdout == "# ours\n"


def test_the_message_after_an_update_says_so():
    config = yaml.safe_load((Path(__file__).parents[2] / "copier.yml").read_text("utf-8"))

    assert "git status --short" in config["_message_after_update"]
    assert "edited ones too" in config["_message_after_update"]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_grown_project_with_edits_is_green_at_once(template, tmp_path, task):
    repository = shutil.copytree(template, tmp_path / "copier-ml")
    commit(repository, "One", "v1.0.0")
    project = run_copy(repository, tmp_path / "project", task=task)
    run("git", "init", "--quiet", cwd=project)
    run("make", "setup", cwd=project)
    commit(project, "Start")
    for edit, _, _ in EDITS.values():
        edit(project)
    commit(project, "Ours")

    for scaffold, change in (("mvp", "poc to mvp"), ("production", "mvp to production")):
        update(project, scaffold=scaffold)
        run("make", "setup", "check", "test", cwd=project)
        assert_kept(project, change, list(EDITS))
        commit(project, scaffold)
