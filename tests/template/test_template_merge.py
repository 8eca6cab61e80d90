"""`make template-merge` merges versions of the template as git does, and loses nothing."""

from pathlib import Path

import pytest

from tests.template.worlds import CORE, EVERY, World

TICK, DECLINE = "checklist/ticks/scoping.users.yml", "checklist/declines/data.card.yml"


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A project that edited much; v0.2.0 of its template moves, drops and changes those files."""
    world = World(template, tmp_path_factory.mktemp("world") / "world")
    every, core = world.template / EVERY, world.template / CORE
    world.git("mv", "docs/data-card.md", "docs/card-of-data.md", cwd=every)
    world.git("rm", "--quiet", "data/README.md", cwd=core)
    world.edit("README.md.jinja", "\n", "\n\nThe template's words.\n", core)
    (core / "make/new.mk").write_text("new:\n")
    for name in (TICK, DECLINE):
        (every / name).parent.mkdir()
        (every / name).write_text("by: template\n")
    world.release("v0.2.0")
    for name in (TICK, DECLINE):
        (world.project / name).parent.mkdir()
        (world.project / name).write_text("by: ann\n")
    path = world.project / "docs/data-card.md"
    path.write_text(path.read_text() + "\nOur source.\n")
    world.push("Ours")
    return world.keep()


@pytest.fixture
def world(made: World) -> World:
    """The same, as it was at first."""
    return made.restore()


def trailers(world: World) -> list[str]:
    """The versions on the branch TEMPLATE, newest first."""
    form = "--format=%(trailers:key=Template-Version,valueonly,separator=%x2C)"
    return world.git("log", form, "TEMPLATE").splitlines()


def test_a_project_that_never_had_the_branch_is_merged(world):
    done = world.word("merge")

    assert done.returncode == 0, done.stderr
    assert "v0.1.0 -> v0.2.0; next: make setup check test" in done.stdout
    assert trailers(world) == ["v0.2.0", "v0.1.0"]
    assert (world.project / "make/new.mk").is_file()
    assert "The template's words." in (world.project / "README.md").read_text()
    assert "_commit: v0.2.0" in (world.project / ".copier-answers.yml").read_text()
    assert world.git("branch", "--show-current") == "main"
    assert world.git("status", "--porcelain") == ""
    # An edit follows its file to the new name; what nobody edited goes with the template.
    assert "Our source." in (world.project / "docs/card-of-data.md").read_text()
    assert not (world.project / "data/README.md").exists()


def test_ticks_are_never_on_the_branch_and_never_touched(world):
    world.word("merge")

    assert [(world.project / name).read_text() for name in (TICK, DECLINE)] == ["by: ann\n"] * 2
    for revision in ("TEMPLATE", "TEMPLATE^"):
        held = world.git("ls-tree", "-r", "--name-only", revision).splitlines()
        assert held
        assert not [n for n in held if n.startswith("checklist/") and "catalog/" not in n]


def test_an_edit_against_a_deletion_is_a_conflict_and_can_be_taken_back(world):
    path = world.project / "data/README.md"
    path.write_text(path.read_text() + "\nOur bucket.\n")
    world.push("Bucket")
    before = world.git("rev-parse", "HEAD^{tree}")

    done = world.word("merge")
    torn = "Our bucket." in path.read_text()
    world.git("merge", "--abort")

    assert done.returncode == 1
    assert "1 files in conflict\n          data/README.md\n" in done.stdout
    assert "`git merge --abort`" in done.stdout
    assert torn
    assert world.git("rev-parse", "HEAD^{tree}") == before
    assert world.git("status", "--porcelain") == ""


def test_later_versions_merge_too_also_after_an_update_and_in_another_clone(world):
    world.word("merge")
    world.git("push", "--quiet", "origin", "main", "TEMPLATE")
    (world.template / CORE / "make/third.mk").write_text("third:\n")
    world.release("v0.3.0")
    updated = world.word("update")
    world.push("Update by Copier")
    (world.template / CORE / "make/fourth.mk").write_text("fourth:\n")
    world.release("v0.4.0")
    world.project = world.clone(world.folder / "other")

    done = world.word("merge")
    again = world.word("merge")

    assert updated.returncode == done.returncode == again.returncode == 0, done.stderr
    assert "v0.3.0 -> v0.4.0" in done.stdout
    assert "v0.4.0, nothing new" in again.stdout
    assert trailers(world) == ["v0.4.0", "v0.3.0", "v0.2.0", "v0.1.0"]
    assert (world.project / "make/fourth.mk").is_file()
    assert "Our source." in (world.project / "docs/card-of-data.md").read_text()


def test_a_project_grows_by_a_merge(world):
    grown = ("--data", "scaffold=mvp", "--data", "components=[docs]")
    done = world.word("merge", *grown, "--to", "v0.1.0")

    answers = (world.project / ".copier-answers.yml").read_text()
    assert done.returncode == 0, done.stderr
    assert "_commit: v0.1.0" in answers
    assert "scaffold: mvp" in answers
    assert 'stored_components: ["docs"]' in answers
    assert (world.project / "mkdocs.yml").is_file()
    assert (world.project / "src/my_model/serving/app.py").is_file()


def missing_version(world: World) -> list[str]:
    return ["--to", "v9.9.9"]


def wrong_answer(world: World) -> list[str]:
    return ["--data", "scaffold=enormous"]


def contaminated(world: World) -> list[str]:
    world.word("merge")
    world.git("switch", "--quiet", "TEMPLATE")
    world.git("commit", "--quiet", "--allow-empty", "--message", "Mine")
    world.git("switch", "--quiet", "main")
    (world.template / CORE / "make/third.mk").write_text("third:\n")
    world.release("v0.3.0")
    return []


def merging(world: World) -> list[str]:
    world.edit("README.md", "\n", "\n\nOur words.\n")
    world.push("Ours")
    world.word("merge")
    world.git("checkout", "--ours", "README.md")
    return []


def no_identity(world: World) -> list[str]:
    world.git("config", "user.useConfigOnly", "true")
    world.git("config", "user.email", "")
    world.git("config", "user.name", "")
    return []


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (missing_version, "v9.9.9"),
        (wrong_answer, "enormous"),
        (contaminated, "which this tool did not make"),
        (merging, "the tree is not clean"),
        (no_identity, "commit-tree"),
    ],
)
def test_what_fails_touches_neither_branch_nor_tree(world, spoil, word):
    words = spoil(world)
    before = world.state()

    done = world.word("merge", *words)

    assert done.returncode == 2, done.stdout
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert world.state() == before
