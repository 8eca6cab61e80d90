"""Where a project came from, and the traps that would stop its next update."""

import json
from pathlib import Path

import pytest
from ml_checklist import origin

from tests.conftest import run

ANSWERS = ".copier-answers.yml"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template in a git repository on this disk."""
    folder = tmp_path / "template"
    folder.mkdir()
    (folder / "copier.yml").write_text("_subdirectory: template\n")
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", "One", cwd=folder)
    run("git", "tag", "v1.0.0", cwd=folder)
    return folder


def warned(project, source: str | None, commit: str | None) -> str:
    lines = [f"_commit: {commit}"] if commit else []
    lines += [f"_src_path: {source}"] if source else []
    project.write(ANSWERS, "\n".join([*lines, "scaffold: poc", ""]))
    ran = project.run("validate")
    assert ran.code == 0
    return str(ran.out)


@pytest.mark.parametrize("source", ["../copier-ml", ".", "copier-ml"])
def test_a_relative_path_is_named_with_its_repair(project, source):
    printed = warned(project, source, "v1.0.0")

    assert f"_src_path '{source}' is relative" in printed
    assert "set `_src_path` in it to the template's address and commit that alone" in printed


def test_a_template_without_git_is_named_with_its_repair(project, template):
    printed = warned(project, str(template), None)

    assert "has no `_commit`" in printed
    assert "uvx copier copy --overwrite --data-file .copier-answers.yml ADDRESS ." in printed


def test_changes_that_were_never_committed_are_named(project, template):
    for commit in ("v1.0.0-2-gef0730e", "bc26190", "12e4567"):
        printed = warned(project, str(template), commit)

        assert f"_commit {commit} is not in {template}" in printed
        assert "uvx copier recopy --vcs-ref TAG" in printed


def test_a_folder_of_another_machine_is_named(project, tmp_path):
    printed = warned(project, str(tmp_path / "nowhere"), "v1.0.0")

    assert "is a folder of another machine" in printed


def test_an_origin_that_is_missing_or_in_conflict_is_named(project):
    assert "does not say where the template is" in warned(project, None, "v1.0.0")

    project.write(ANSWERS, "<<<<<<< before updating\n_commit: a\n=======\n_commit: b\n>>>>>>> x\n")

    assert "is no YAML; take the last good one" in project.run("validate").out


def test_nothing_is_reported_where_an_update_works(project, template):
    head = run("git", "rev-parse", "--short", "HEAD", cwd=template).stdout.strip()
    for source, commit in (
        (str(template), "v1.0.0"),
        (str(template), f"v1.0.0-0-g{head}"),
        ("gh:owner/copier-ml", "v1.0.0"),
        ("https://example.org/copier-ml.git", "v1.0.0"),
        ("git@example.org:owner/copier-ml.git", "v1.0.0"),
        ("git+https://example.org/copier-ml", "12e4567"),
    ):
        assert "warning" not in warned(project, source, commit), (source, commit)


def test_a_project_that_no_template_made_gets_no_warning(project):
    assert "warning" not in project.run("validate").out


def test_reports_say_which_version_they_are_of(project):
    from ml_checklist import __version__

    project.write(ANSWERS, "_commit: 12e4567\n_src_path: gh:o/t\nscaffold: mvp\n")

    data = json.loads(project.run("report", "--format", "json").out)
    page = project.run("report", "--format", "md").out
    island = project.run("report", "--format", "html").out

    assert data["tool"] == __version__
    came = {
        "source": "gh:o/t",
        "version": "12e4567",
        "scaffold": "mvp",
        "kind": "table",
        "chosen": [],
    }
    assert data["template"] == came
    assert f"Checklist {__version__}, template `12e4567`." in page
    assert '"version":"12e4567"' in island
    assert project.run("--version").out.strip() == f"ml-checklist {__version__}"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("scaffold: poc\n", {"data_kind": "tabular"}),
        ("scaffold: poc\ncomponents: [torch]\n", {"data_kind": "tabular", "deep_learning": True}),
        ("scaffold: mvp\ndata: image\n", {"data_kind": "image", "deep_learning": True}),
        ("scaffold: poc\ndata: series\n", {"data_kind": "time-series", "has_time": True}),
        ("scaffold: checklist\n", {}),
        ("", {}),
    ],
)
def test_the_answers_say_what_to_expect_of_the_facts(tmp_path, answers, expected):
    (tmp_path / ANSWERS).write_text(answers)

    assert origin.read(tmp_path).facts == expected
