"""`copier update` needs no trust, keeps edits and ticks, and refuses what it must refuse."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier._cli import CopierApp

from tests.conftest import commit, run, run_copy, update
from tests.histories import quick

TICK = """status: done
by: "@ann"
date: "2026-11-20"
item_rev: 1
evidence:
  - path: docs/problem.md
    git: 685675a215f6c1e1f1b6a1b8d3ad2f0e9c0b7a11
"""
EVERY, CORE = "template/{{ every }}", "template/{{ core }}"


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    """Copier without a git process for each file that it renders."""
    with quick.quick():
        yield


@pytest.fixture
def released(template: Path, tmp_path: Path) -> Path:
    """The working tree as a git repository with the tag v0.1.0."""
    repository = shutil.copytree(template, tmp_path / "copier-ml")
    commit(repository, "One", "v0.1.0")
    return repository


@pytest.fixture
def project(released: Path, tmp_path: Path) -> Path:
    """A project of v0.1.0 with ticks, a waiver, a decline, a phase and edits of its own."""
    project = run_copy(released, tmp_path / "project")
    commit(project, "Start")
    own = {
        "checklist/ticks/scoping.objective.yml": TICK,
        "checklist/waivers/data.licence.yml": "reason: none yet\n",
        "checklist/declines/data.card.yml": "reason: small data\n",
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
    """A new version: an item changes place, a new file, a changed file, and files of state."""
    catalog = repository / "checklists/scoping.yml"
    head, *items = catalog.read_text().split("\n  - id: ")
    catalog.write_text("\n  - id: ".join([head, *reversed([i.rstrip() for i in items])]) + "\n")
    makefile = repository / CORE / "Makefile.jinja"
    makefile.write_text(makefile.read_text().replace("help: ##", "# A new remark.\nhelp: ##"))
    (repository / CORE / "make/new.mk").write_text("new: ## new\n\t@echo new\n")
    # A template must never ship state; should one ever do so, the project's own still stands.
    for kind, name in (("ticks", "scoping.objective"), ("declines", "data.card")):
        shipped = repository / EVERY / f"checklist/{kind}/{name}.yml"
        shipped.parent.mkdir(exist_ok=True)
        shipped.write_text("status: done\nby: template\n")
    commit(repository, "Two", tag)


def stop_shipping_state(repository: Path, tag: str) -> None:
    for kind in ("ticks", "declines"):
        shutil.rmtree(repository / EVERY / "checklist" / kind)
    commit(repository, "No state", tag)


def test_update_brings_what_is_new_and_keeps_ticks_and_edits(released, project):
    state = ["ticks/scoping.objective", "waivers/data.licence", "declines/data.card"]
    state += ["project", "catalog.d/org"]
    own = {name: (project / f"checklist/{name}.yml").read_bytes() for name in state}
    release(released, "v0.2.0")

    torn = update(project)

    assert torn == []
    assert {n: (project / f"checklist/{n}.yml").read_bytes() for n in state} == own
    assert (project / "make/new.mk").is_file()
    assert "# A new remark." in (project / "Makefile").read_text()
    assert (project / "README.md").read_text().endswith("My own words.\n")
    assert (project / "conf/default.yaml").read_text().endswith("# my own remark\n")
    assert (project / "src/my_model/executor/mine.py").is_file()
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["_commit"] == "v0.2.0"


def test_a_template_that_stops_shipping_state_deletes_none(released, project):
    release(released, "v0.2.0")
    update(project)
    commit(project, "Two")
    stop_shipping_state(released, "v0.3.0")

    update(project)

    assert (project / "checklist/ticks/scoping.objective.yml").read_text() == TICK
    assert (project / "checklist/declines/data.card.yml").read_text() == "reason: small data\n"


def contents(project: Path) -> dict[str, bytes]:
    """Every file of a project by its path."""
    paths = [path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def test_an_unedited_old_project_updated_equals_a_fresh_copy(released, tmp_path):
    old = run_copy(released, tmp_path / "old")
    commit(old, "Start")
    release(released, "v0.2.0")
    stop_shipping_state(released, "v0.2.1")

    update(old)

    fresh = run_copy(released, tmp_path / "fresh")
    assert contents(old) == contents(fresh)


# What is given at an update of a project that has [serve, docs] -> a part of the refusal.
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "unknown name": ({"phaze": "mvp"}, 'unknown --data name "phaze"'),
    "guard": ({"data_guard": "x"}, 'unknown --data name "data_guard"'),
    "computed layer": ({"serve": ""}, 'unknown --data name "serve"'),
    "stored list": ({"stored_components": "[]"}, 'unknown --data name "stored_components"'),
    "shorter list": ({"components": "[serve]"}, "components lacks docs, which this project has"),
    "no list": ({"components": "[]"}, 'To keep: --data components="[serve, docs]"'),
    "removal alone": ({"remove": "[docs]"}, '--data components="[serve]"'),
    "removal of what is kept": (
        {"remove": "[docs]", "components": "[serve, docs]"},
        "remove names docs",
    ),
    "removal of what is not there": (
        {"remove": "[runs]", "components": "[serve, docs]"},
        "remove names runs, which this project does not have",
    ),
}


@pytest.fixture(scope="module")
def small_release(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without tool and catalog, as two versions."""
    folder = shutil.copytree(small_template, tmp_path_factory.mktemp("small") / "copier-ml")
    commit(folder, "One", "v1.0.0")
    return folder


@pytest.fixture(scope="module")
def with_components(small_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has [serve, docs]; not to be changed."""
    project = tmp_path_factory.mktemp("with") / "project"
    run_copy(small_release, project, components=["serve", "docs"])
    commit(project, "Start")
    return project


@pytest.mark.parametrize("name", REFUSED)
def test_update_refuses_in_one_line_and_changes_nothing(with_components, capsys, name):
    given, sentence = REFUSED[name]
    data = [f"--data={key}={value}" for key, value in given.items()]
    command = ["copier", "update", "--defaults", "--quiet", *data, str(with_components)]

    code = CopierApp.run(command, exit=False)[1]

    printed = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert code == 1
    assert len(printed) == 1, printed
    assert sentence in printed[0]
    assert not run("git", "status", "--porcelain", cwd=with_components).stdout


ACCEPTED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "longer": ({"components": ["serve", "docs", "explain"]}, ["serve", "explain", "docs"]),
    "with removal": ({"components": ["serve"], "remove": ["docs"]}, ["serve"]),
    "nothing given": ({}, ["serve", "docs"]),
    "larger scaffold": ({"scaffold": "mvp"}, ["serve", "docs"]),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_update_stores_the_components_and_no_removal(with_components, tmp_path, name):
    given, components = ACCEPTED[name]
    project = shutil.copytree(with_components, tmp_path / "project")

    update(project, **given)

    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["components"] == answers["stored_components"] == components
    assert "remove" not in answers
    assert (project / "mkdocs.yml").is_file() == ("docs" in components)


def test_a_stored_list_cannot_be_lost_by_giving_every_other_answer(with_components):
    answers = yaml.safe_load((with_components / ".copier-answers.yml").read_text())
    given = {name: value for name, value in answers.items() if name[0] != "_"}

    with pytest.raises(copier.errors.UserMessageError, match="components lacks serve, docs"):
        update(with_components, **{**given, "components": []})


def test_recopy_keeps_the_components(with_components, tmp_path):
    project = shutil.copytree(with_components, tmp_path / "project")

    copier.run_recopy(project, defaults=True, overwrite=True, quiet=True, unsafe=False)

    assert not run("git", "status", "--porcelain", cwd=project).stdout
