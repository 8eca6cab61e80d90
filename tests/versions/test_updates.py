"""From every released version to this tree, every scaffold: nothing lost, all green at once."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import copier
import pytest
import yaml
from template_update import conflicts

from tests.conftest import run
from tests.histories import quick
from tests.template.test_growth import EDITS
from tests.versions import faults, snapshots
from tests.versions.snapshots import ROOTS, git

NEXT = "v99.0.0"
# Scaffold -> the version that first had it.
SCAFFOLDS = {"poc": "0.1.0", "checklist": "0.1.0", "mvp": "0.2.0"}
ROWS = [
    (version, scaffold)
    for version in snapshots.versions()
    for scaffold, first in SCAFFOLDS.items()
    if snapshots.number(version) >= snapshots.number(first)
]
FIRST = ROWS[0]
ANSWERS = {"owner": "@org/team"}


@pytest.fixture(scope="module")
def released(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every released version and this tree as the next one, in a git repository."""
    repository = snapshots.rebuild(tmp_path_factory.mktemp("released") / "copier-ml")
    for name in ROOTS:
        git(repository, "rm", "-r", "--quiet", name)
        source = template / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, repository / name)
    git(repository, "add", "--all")
    git(
        repository, "commit", "--quiet", "--allow-empty", "--message", "Next"
    )  # just released: the same
    git(repository, "tag", NEXT)
    return repository


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    """Copier, with what it does again and again done once."""
    with quick.quick():
        yield


def make(released: Path, folder: Path, version: str, **answers: str) -> Path:
    """A project of a version, committed."""
    given = {**ANSWERS, **answers}
    copier.run_copy(
        str(released), folder, data=given, defaults=True, quiet=True, vcs_ref=f"v{version}"
    )
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    save(folder, "Start")
    return folder


def save(folder: Path, message: str) -> None:
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--no-verify", "--message", message, cwd=folder)


def update(project: Path, **answers: str) -> list[str]:
    """To this tree; the files in conflict."""
    copier.run_update(
        project, data=answers, defaults=True, overwrite=True, quiet=True, unsafe=False
    )
    marked = run("git", "grep", "-l", "^<<<<<<< before", cwd=project, check=False).stdout
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        said = conflicts.left()
    assert said == sorted(marked.split())
    return said


def contents(project: Path) -> dict[str, bytes]:
    paths = [path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def quick_row(row: tuple[str, str]) -> object:
    """The first row runs always, the rest in `make test-all`."""
    return pytest.param(*row, marks=[] if row == FIRST else pytest.mark.slow)


@pytest.mark.parametrize(("version", "scaffold"), [quick_row(row) for row in ROWS])
def test_an_unedited_project_updated_equals_a_fresh_copy(released, tmp_path, version, scaffold):
    old = make(released, tmp_path / "old", version, scaffold=scaffold)

    torn = update(old)
    copier.run_copy(
        str(released),
        tmp_path / "fresh",
        data={**ANSWERS, "scaffold": scaffold},
        defaults=True,
        quiet=True,
        vcs_ref=NEXT,
    )

    updated, fresh = contents(old), contents(tmp_path / "fresh")
    # A retired file stays with whoever has it.
    retired = {name for name in updated if name in faults.excluded(released)}
    assert torn == []
    assert set(updated) - set(fresh) == retired
    assert [name for name in fresh if updated.get(name) != fresh[name]] == []


def ticked(project: Path) -> dict[str, bytes]:
    """Vouch, by that version's tool, for an item that is renamed and one that asks more later."""
    decision = project / "docs/decisions/0007-go.md"
    decision.write_text(
        "---\nabout: feasibility\nstatus: accepted\ndate: 2026-11-02\n---\n\n# Go\n\n"
        + "The gain covers the cost in the first year, and the data is there. We go on.\n" * 3
    )
    card = project / "docs/data-card.md"
    head, _, tail = card.read_text().partition("## Quality\n")
    words = "A time of 999 means no scan and was read as empty. " * 8
    card.write_text(f"{head}## Quality\n\n{words}\n\n## {tail.partition('## ')[2]}")
    save(project, "Pages")
    for item, page in (
        ("scoping.feasibility", "docs/decisions/0007-go.md"),
        ("data.quality", "docs/data-card.md#quality"),
    ):
        own_tool(project, "tick", item, "-e", page, "--by", "@ann")
    save(project, "Ticks")
    return {p.name: p.read_bytes() for p in (project / "checklist/ticks").iterdir()}


def own_tool(project: Path, *words: str) -> str:
    """Run the checklist tool that the project carries."""
    command = (sys.executable, "-m", "ml_checklist", *words)
    hooks = str(project / "hooks")
    return run(*command, cwd=project, PYTHONPATH=hooks, PYTHONDONTWRITEBYTECODE="1").stdout


def states(project: Path) -> dict[str, dict[str, object]]:
    said = own_tool(project, "report", "--format", "json")
    return {item["id"]: item for item in json.loads(said)["items"]}


def test_ticks_of_the_first_version_speak_of_the_same_items_today(released, tmp_path):
    project = make(released, tmp_path / "project", "0.1.0", scaffold="poc")
    before = ticked(project)

    update(project)
    save(project, "Update")

    now = states(project)
    ticks = {p.name: p.read_bytes() for p in (project / "checklist/ticks").iterdir()}
    assert ticks == before
    assert now["scoping.verdict"]["by"] == "@ann"
    assert "scoping.feasibility" not in now
    assert now["data.quality"]["state"] == "stale"
    assert "could have been made up" in str(now["data.quality"]["sentence"])


def test_a_retired_file_stays_and_lines_that_both_changed_are_a_conflict(released, tmp_path):
    project = make(released, tmp_path / "project", "0.1.0", scaffold="poc")
    page, code = project / "make/README.md", project / "src/my_model/executor/evaluate.py"
    page.write_text(page.read_text() + "\nOur words: `make fetch` takes the data in.\n")
    EDITS["evaluate"][0](project)  # behind the last line, and 0.2.0 rewrote the last function
    save(project, "Ours")

    torn = update(project)
    refused = run("git", "diff", "--check", cwd=project, check=False)

    assert "`make fetch`" in page.read_text()
    assert torn == ["src/my_model/executor/evaluate.py"]
    assert "OURS = 1" in code.read_text()
    assert refused.returncode == 2
    assert "leftover conflict marker" in refused.stdout


# Version -> edits of lines that a later version changed as well.
MEET = {"0.1.0": {"evaluate"}}


def edited(project: Path, version: str) -> list[str]:
    """The edits of people that this version has a place for."""
    done = []
    for name, (edit, file, _) in EDITS.items():
        if (project / file).exists() and name not in MEET.get(version, ()):
            edit(project)
            done.append(name)
    save(project, "Ours")
    return done


@pytest.mark.parametrize(("version", "scaffold"), [quick_row(row) for row in ROWS])
def test_an_edited_project_is_green_at_once(released, tmp_path, version, scaffold):
    project = make(released, tmp_path / "project", version, scaffold=scaffold)
    if scaffold == "checklist":
        update(project)
        tool = ("uv", "run", "--project", "hooks", "checklist")
        run(*tool, "validate", cwd=project)
        run(*tool, "gate", cwd=project)
        return
    run("make", "setup", cwd=project)
    save(project, "Lock")
    edits = edited(project, version)

    torn = update(project)
    run("make", "setup", "check", "test", cwd=project)

    assert torn == []
    for _, file, text in (EDITS[name] for name in edits):
        assert text in (project / file).read_text(encoding="utf-8"), (file, text)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["_commit"] == NEXT


@pytest.mark.slow
def test_an_edited_project_of_the_first_version_grows_and_updates_at_once(released, tmp_path):
    project = make(released, tmp_path / "project", "0.1.0", scaffold="poc")
    run("make", "setup", cwd=project)
    save(project, "Lock")
    edited(project, "0.1.0")

    torn = update(project, scaffold="mvp")
    run("make", "setup", "check", "test", cwd=project)

    assert torn == []
    assert (project / "src/my_model/serving").is_dir()
