"""From every released version to this tree, every scaffold: nothing of people's is lost.

From 0.3.1 the source, the tests and make/ are replaced; from 0.4.0 on nothing conflicts that people
did not edit as well.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import copier
import pytest
import yaml

from tests.conftest import commit, run
from tests.conftest import update as update_project
from tests.histories import quick
from tests.versions import faults, snapshots
from tests.versions.snapshots import ROOTS, git

NEXT = "v99.0.0"
# Scaffold -> the version that first had it.
SCAFFOLDS = {"poc": "0.3.1", "checklist": "0.3.1", "mvp": "0.3.1"}
KEPT = ["explain", "fairness", "drift", "runs", "docs"]
# Answers of a project of 0.3 -> the components that it has after the update.
OLD: dict[str, tuple[dict[str, str], list[str]]] = {
    "poc": ({"scaffold": "poc"}, []),
    "checklist": ({"scaffold": "checklist"}, []),
    "mvp": ({"scaffold": "mvp"}, KEPT),
    "mvp-queue": ({"scaffold": "mvp", "queue": "redis"}, ["worker", *KEPT]),
    "mvp-tracker": (
        {"scaffold": "mvp", "tracker": "mlflow", "ci": "gitlab"},
        ["explain", "fairness", "drift", "runs", "mlflow", "docs"],
    ),
    "mvp-both": (
        {"scaffold": "mvp", "tracker": "mlflow", "queue": "redis", "task": "regression"},
        ["worker", "explain", "fairness", "drift", "runs", "mlflow", "docs"],
    ),
}


@pytest.fixture(scope="module")
def released(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every released version and this tree as the next one, in a git repository."""
    repository = snapshots.rebuild(tmp_path_factory.mktemp("released") / "copier-ml")
    for name in ROOTS:
        git(repository, "rm", "-r", "--quiet", "--ignore-unmatch", name)
        source = template / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, repository / name)
    git(repository, "add", "--all")
    # Just released: the same tree, and no change to commit.
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Next")
    git(repository, "tag", NEXT)
    return repository


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    """Copier, with what it does again and again done once."""
    with quick.quick():
        yield


def make(released: Path, folder: Path, version: str, **answers: str) -> Path:
    """A project of a version, committed."""
    given = {"owner": "@org/team", **answers}
    copier.run_copy(
        str(released), folder, data=given, defaults=True, quiet=True, vcs_ref=f"v{version}"
    )
    commit(folder, "Start")
    return folder


def stored(project: Path) -> dict[str, object]:
    answers: dict[str, object] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers


def contents(project: Path) -> dict[str, bytes]:
    paths = [path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


# Every value of every old answer is in one of the rows that are not slow.
ALONE = {"mvp-queue", "mvp-tracker"}
ROWS = [pytest.param(row, marks=[pytest.mark.slow] if row in ALONE else []) for row in OLD]


@pytest.mark.parametrize("row", ROWS)
def test_an_unedited_project_of_0_3_equals_a_fresh_one_with_what_it_had(released, tmp_path, row):
    answers, components = OLD[row]
    old = make(released, tmp_path / "old", "0.3.1", **answers)

    torn = update_project(old)

    given = {k: v for k, v in answers.items() if k not in ("tracker", "queue")}
    if components:
        given["components"] = components  # type: ignore[assignment]
    copier.run_copy(
        str(released),
        tmp_path / "fresh",
        data={"owner": "@org/team", **given},
        defaults=True,
        quiet=True,
        vcs_ref=NEXT,
    )
    updated, fresh = contents(old), contents(tmp_path / "fresh")
    assert torn == []
    # A retired file stays with whoever has it.
    assert set(updated) - set(fresh) <= faults.excluded(released)
    assert [name for name in fresh if updated.get(name) != fresh[name]] == []
    assert stored(old).get("components", []) == stored(old)["stored_components"] == components
    assert not {"tracker", "queue"} & set(stored(old))


def test_the_update_after_the_first_keeps_the_components(released, tmp_path):
    answers, components = OLD["mvp-both"]
    project = make(released, tmp_path / "old", "0.3.1", **answers)
    update_project(project)
    commit(project, "Update")
    git(released, "commit", "--quiet", "--allow-empty", "--message", "After")
    git(released, "tag", "--force", "v99.0.1")

    update_project(project)
    git(released, "tag", "--delete", "v99.0.1")

    assert stored(project)["components"] == components


def test_old_answers_can_be_given_with_the_update(released, tmp_path):
    project = make(released, tmp_path / "old", "0.3.1", scaffold="mvp")

    update_project(project, tracker="mlflow", queue="redis")

    assert stored(project)["components"] == OLD["mvp-both"][1]
    assert not (project / "redis").exists()


# Files that people write or that are about their project, and what they write in them.
PEOPLE = {
    "docs/problem.md": "\nOur problem.\n",
    "docs/data-card.md": "\nOur data.\n",
    "docs/contract.md": "\nOur contract.\n",  # retired
    "docs/ours.md": "# Ours\n",
    "conf/ours.yaml": "a: 1\n",
    "src/my_model/ours.py": '"""Ours."""\n',
    "tests/test_ours.py": "def test_ours():\n    assert 1 + 1 == 2\n",
    "checklist/ticks/scoping.objective.yml": "status: done\n",
    "checklist/waivers/data.licence.yml": "reason: none yet\n",
    "checklist/project.yml": "phase: poc\nfacts:\n  has_time: false\n",
    "checklist/catalog.d/org.yml": "section: org\n",
    "data/original/ours.csv": "a,b\n1,2\n",
}


REPLACED = "src/my_model/dataloader/door.py"  # 0.4 has no such file


@pytest.mark.parametrize("version", snapshots.versions())
def test_what_people_write_is_kept_and_edits_of_what_was_replaced_are_in_git(
    released, tmp_path, version
):
    project = make(released, tmp_path / "project", version, scaffold="mvp")
    for name, text in PEOPLE.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)
    if version == "0.3.1":
        with (project / REPLACED).open("a", encoding="utf-8") as file:
            file.write("\n\nOURS = 1\n")
    commit(project, "Ours")

    torn = update_project(project)

    assert [name for name in PEOPLE if name in torn] == []
    lost = [n for n, text in PEOPLE.items() if text not in (project / n).read_text("utf-8")]
    assert lost == []
    if version == "0.3.1":
        assert not (project / REPLACED).exists()
        assert "OURS = 1" in run("git", "show", f"HEAD:{REPLACED}", cwd=project).stdout


@pytest.mark.slow
@pytest.mark.parametrize("row", OLD)
def test_an_updated_project_of_0_3_is_green_at_once(released, tmp_path, row):
    answers, _ = OLD[row]
    project = make(released, tmp_path / "project", "0.3.1", **answers)
    update_project(project)
    if row == "checklist":
        tool = ("uv", "run", "--project", "hooks", "checklist")
        run(*tool, "validate", cwd=project)
        return

    run("make", "setup", "check", "test", cwd=project)
