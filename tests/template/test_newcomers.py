"""What people try first with a clone works, or is named with the line that mends it."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from copier._cli import CopierApp
from ml_checklist import origin

from tests.conftest import run
from tests.histories import quick, small
from tests.histories.releases import commit

ANSWERS = ".copier-answers.yml"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Copier warns of dirty and of shallow templates; that is what these tests are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def template_clone(template: Path, tmp_path: Path) -> Path:
    """A clone of the template with one version."""
    folder = small.cut(template, tmp_path / "copier-ml", [])
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    commit(folder, "One")
    run("git", "tag", "v0.1.0", cwd=folder)
    return folder


def copier(*words: str, cwd: Path, check: bool = True) -> int:
    """Copier's command line, with all that it does by git; its exit code."""
    with quick.compiled_once(), contextlib.chdir(cwd):
        try:
            code = int(CopierApp.run(["copier", *words, "--quiet"], exit=False)[1])
        except ValueError:  # a traceback on a person's screen
            code = 1
    assert code == 0 or not check, words
    return code


def saved(project: Path) -> Path:
    if not (project / ".git").exists():
        run("git", "init", "--quiet", cwd=project)
    commit(project, "Saved")
    return project


def traps(project: Path) -> str:
    return "\n".join(str(problem) for problem in origin.traps(project))


def next_version(folder: Path) -> None:
    (folder / "template/{{ core }}/make/new.mk").write_text("new:\n")
    commit(folder, "Two")
    run("git", "tag", "v0.2.0", cwd=folder)


def assert_updates(project: Path, folder: Path) -> None:
    assert traps(project) == ""
    next_version(folder)
    copier("update", "--defaults", cwd=saved(project))
    assert (project / "make/new.mk").is_file()
    assert yaml.safe_load((project / ANSWERS).read_text())["_commit"] == "v0.2.0"


def test_the_line_of_the_readme_can_be_updated(template_clone, tmp_path):
    copier("copy", "--defaults", "--vcs-ref", "HEAD", str(template_clone), "try", cwd=tmp_path)

    assert_updates(saved(tmp_path / "try"), template_clone)


def test_a_relative_path_is_named_and_mended_by_one_edit(template_clone, tmp_path):
    copier("copy", "--defaults", "copier-ml", "try", cwd=tmp_path)
    project = saved(tmp_path / "try")

    named = traps(project)
    failed = copier("update", "--defaults", cwd=project, check=False)
    answers = project / ANSWERS
    text = answers.read_text()
    answers.write_text(text.replace("_src_path: copier-ml", f"_src_path: {template_clone}"))
    saved(project)

    assert "_src_path 'copier-ml' is relative" in named
    assert failed != 0
    assert_updates(project, template_clone)


def test_a_template_without_git_is_named_and_mended_by_one_copy(template_clone, tmp_path):
    bare = tmp_path / "download"
    run("cp", "-r", str(template_clone), str(bare), cwd=tmp_path)
    run("rm", "-rf", str(bare / ".git"), cwd=tmp_path)
    copier("copy", "--defaults", "--data", "licence=MIT", str(bare), "try", cwd=tmp_path)
    project = saved(tmp_path / "try")

    named = traps(project)
    words = ["copy", "--overwrite", "--defaults", "--data-file", ANSWERS]
    copier(*words, str(template_clone), ".", cwd=project)

    assert "has no `_commit`" in named
    assert "copier copy --overwrite --data-file .copier-answers.yml ADDRESS ." in named
    assert_updates(saved(project), template_clone)


def test_changes_that_were_not_committed_are_named_and_mended_by_one_recopy(
    template_clone, tmp_path
):
    (template_clone / "template/{{ core }}/make/draft.mk").write_text("draft:\n")
    copier("copy", "--defaults", "--vcs-ref", "HEAD", str(template_clone), "try", cwd=tmp_path)
    project = saved(tmp_path / "try")
    (template_clone / "template/{{ core }}/make/draft.mk").unlink()

    named = traps(project)
    failed = copier("update", "--defaults", cwd=project, check=False)
    copier("recopy", "--defaults", "--overwrite", "--vcs-ref", "v0.1.0", cwd=project)

    assert "recopy --vcs-ref TAG" in named
    assert failed != 0
    assert_updates(saved(project), template_clone)


def test_a_clone_without_tags_or_depth_works_while_it_stays(template_clone, tmp_path):
    shallow = tmp_path / "shallow"
    address = f"file://{template_clone}"
    run("git", "clone", "--quiet", "--no-tags", "--depth", "1", address, str(shallow), cwd=tmp_path)
    copier("copy", "--defaults", str(shallow), "try", cwd=tmp_path)

    assert_updates(saved(tmp_path / "try"), shallow)


def test_the_newest_tag_is_taken_and_not_what_lies_there(template_clone, tmp_path):
    (template_clone / "template/{{ core }}/make/ahead.mk").write_text("ahead:\n")
    commit(template_clone, "Ahead of the tag")
    copier("copy", "--defaults", str(template_clone), "tagged", cwd=tmp_path)
    copier("copy", "--defaults", "--vcs-ref", "HEAD", str(template_clone), "head", cwd=tmp_path)

    assert not (tmp_path / "tagged/make/ahead.mk").exists()
    assert (tmp_path / "head/make/ahead.mk").exists()
    assert_updates(saved(tmp_path / "head"), template_clone)
