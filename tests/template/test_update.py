"""`copier update` needs no trust, keeps edits and ticks, and refuses what it must refuse."""

import shutil
import subprocess
from pathlib import Path

import copier
import pytest
import yaml

from tests.conftest import run

TICK = """status: done
by: "@ann"
date: "2026-11-20"
item_rev: 1
evidence:
  - path: docs/problem.md
    git: 685675a215f6c1e1f1b6a1b8d3ad2f0e9c0b7a11
"""


def commit(folder: Path, message: str, tag: str | None = None) -> None:
    """Commit everything in `folder`."""
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--no-verify", "--message", message, cwd=folder)
    if tag:
        run("git", "tag", tag, cwd=folder)


@pytest.fixture
def released(template: Path, tmp_path: Path) -> Path:
    """The working tree as a git repository with the tag v0.1.0."""
    repository = tmp_path / "copier-ml"
    shutil.copytree(template, repository)
    run("git", "init", "--quiet", cwd=repository)
    commit(repository, "One", "v0.1.0")
    return repository


@pytest.fixture
def project(released: Path, tmp_path: Path) -> Path:
    """A project of v0.1.0 with ticks, a waiver, a phase and edits of its own."""
    project = tmp_path / "project"
    copier.run_copy(str(released), project, defaults=True, quiet=True, unsafe=False)
    run("git", "init", "--quiet", cwd=project)
    commit(project, "Start")
    own = {
        "checklist/ticks/scoping.objective.yml": TICK,
        "checklist/waivers/data.licence.yml": "reason: none yet\n",
        "checklist/project.yml": "phase: poc\nfacts:\n  has_time: false\n",
        "checklist/catalog.d/org.yml": "section: org\n",
        "src/my_model/executor/mine.py": '"""Mine."""\n',
    }
    for name, text in own.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    edits = {"README.md": "\nMy own words.\n", "conf/default.yaml": "# my own remark\n"}
    for name, text in edits.items():
        (project / name).write_text((project / name).read_text() + text)
    commit(project, "Mine")
    return project


def release(repository: Path, tag: str) -> None:
    """A new version: an item changes place, a new file, a changed file, and a file of state."""
    catalog = repository / "checklists/scoping.yml"
    head, *items = catalog.read_text().split("\n  - id: ")
    catalog.write_text("\n  - id: ".join([head, *reversed([i.rstrip() for i in items])]) + "\n")
    makefile = repository / "template/Makefile.jinja"
    makefile.write_text(makefile.read_text().replace("help: ##", "# A new remark.\nhelp: ##"))
    (repository / "template/make/new.mk").write_text("new: ## new\n\t@echo new\n")
    # A template must never ship state; should one ever do so, the project's own still stands.
    shipped = repository / "template/checklist/ticks/scoping.objective.yml"
    shipped.parent.mkdir(exist_ok=True)
    shipped.write_text("status: done\nby: template\n")
    commit(repository, "Two", tag)


def update(project: Path) -> None:
    """`copier update --defaults`, without trust."""
    copier.run_update(project, defaults=True, overwrite=True, quiet=True, unsafe=False)


def test_update_brings_what_is_new_and_keeps_ticks_and_edits(released, project):
    state = ["ticks/scoping.objective", "waivers/data.licence", "project", "catalog.d/org"]
    own = {name: (project / f"checklist/{name}.yml").read_bytes() for name in state}
    release(released, "v0.2.0")

    update(project)

    assert {n: (project / f"checklist/{n}.yml").read_bytes() for n in state} == own
    assert (project / "make/new.mk").is_file()
    assert "# A new remark." in (project / "Makefile").read_text()
    assert (project / "README.md").read_text().endswith("My own words.\n")
    assert (project / "conf/default.yaml").read_text().endswith("# my own remark\n")
    assert (project / "src/my_model/executor/mine.py").is_file()
    assert not run("git", "ls-files", "--unmerged", cwd=project).stdout
    run("git", "diff", "--check", cwd=project)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["_commit"] == "v0.2.0"


def test_a_template_that_stops_shipping_state_deletes_none(released, project):
    release(released, "v0.2.0")
    update(project)
    commit(project, "Two")
    shutil.rmtree(released / "template/checklist/ticks")
    commit(released, "Three", "v0.3.0")

    update(project)

    assert (project / "checklist/ticks/scoping.objective.yml").read_text() == TICK


def test_an_unedited_old_project_updated_equals_a_fresh_copy(released, tmp_path):
    old, fresh = tmp_path / "old", tmp_path / "fresh"
    copier.run_copy(str(released), old, defaults=True, quiet=True)
    run("git", "init", "--quiet", cwd=old)
    commit(old, "Start")
    release(released, "v0.2.0")
    shutil.rmtree(released / "template/checklist/ticks")
    commit(released, "No state", "v0.2.1")

    update(old)
    copier.run_copy(str(released), fresh, defaults=True, quiet=True)

    left_out = shutil.ignore_patterns(".git")
    shutil.copytree(old, tmp_path / "a", ignore=left_out)
    done = subprocess.run(
        ["diff", "-r", str(tmp_path / "a"), str(fresh)], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_update_refuses_an_unknown_answer_by_name(released, project):
    release(released, "v0.2.0")

    with pytest.raises(copier.errors.UserMessageError, match='unknown --data name "phaze"'):
        copier.run_update(project, data={"phaze": "mvp"}, defaults=True, overwrite=True, quiet=True)
