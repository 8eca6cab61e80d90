"""Every row of answers, checked without installing it."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import Render, run, run_copy
from tests.template import rows

VENV = Path(sys.executable).parent
TEXT = {".py", ".md", ".yml", ".yaml", ".toml", ".json", ".mk", ".html", ""}
# Equal in every row: test_root_files.py holds them to their source, which has tests of its own.
SHARED = ("hooks/ml_checklist/", "checklist/catalog/")


@pytest.fixture(scope="module", params=[*rows.ROWS, *rows.NOT_INSTALLED])
def project(request, rendered: Render) -> Path:
    return rendered(**{**rows.ROWS, **rows.NOT_INSTALLED}[request.param])


def files(project: Path, *suffixes: str) -> list[Path]:
    """The text files of a project but those that are equal in every row."""
    return [
        path
        for path in sorted(project.rglob("*"))
        if path.is_file()
        and path.suffix in (suffixes or TEXT)
        and ".git" not in path.parts
        and not path.relative_to(project).as_posix().startswith(SHARED)
    ]


def assert_parses(project: Path) -> None:
    for path in files(project):
        text = path.read_text(encoding="utf-8")
        if path.suffix in (".yml", ".yaml"):
            list(yaml.load_all(text, yaml.CSafeLoader))
        elif path.suffix == ".toml":
            tomllib.loads(text)
        elif path.suffix in (".json", ".ipynb"):
            json.loads(text)
        elif path.suffix == ".py":
            compile(text, str(path), "exec")


def test_every_file_parses(project):
    assert_parses(project)


@pytest.mark.parametrize("answers", rows.SMALL, ids=lambda row: "-".join(row.values())[:20])
def test_every_file_parses_whatever_the_small_answers_are(small_template, tmp_path, answers):
    project = run_copy(small_template, tmp_path / "project", **answers)

    assert_parses(project)
    assert_no_jinja(project)
    assert [p.name for p in project.iterdir()].count("LICENSE") == 1


def assert_no_jinja(project: Path) -> None:
    for path in project.rglob("*"):
        assert not re.search(r"[{}%]|\.jinja$|^$", path.name), path
    for path in files(project):
        text = path.read_text(encoding="utf-8").replace("${" + "{", "")
        if path.parts[len(project.parts)] == "hooks" or path.suffix == ".html":
            continue  # pages hold templates of their own
        lines = [line for line in text.splitlines() if "{" + "%" in line or "{" + "#" in line]
        assert not lines, (path, lines)


def test_nothing_of_the_template_is_left(project):
    assert_no_jinja(project)


def test_every_text_file_ends_with_one_new_line_and_no_blank_ends(project):
    for path in files(project):
        text = path.read_text(encoding="utf-8")
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), path
        trailing = [i for i, line in enumerate(text.splitlines(), 1) if line != line.rstrip()]
        assert not trailing or "LICENSE" in path.name, (path, trailing)


def test_python_is_formatted_and_linted(project):
    python = [str(p) for p in files(project, ".py") if "hooks" not in p.parts]
    if not python:  # scaffold `checklist` brings no code but the tool
        assert not (project / "src").exists()
        return

    run(str(VENV / "ruff"), "check", "--no-cache", *python, cwd=project)
    run(str(VENV / "ruff"), "format", "--check", "--no-cache", *python, cwd=project)


def checked_by_schema(project: Path, schema: str, paths: list[Path]) -> None:
    command = [str(VENV / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}"]
    run(*command, *map(str, paths), cwd=project)


def test_workflows_are_valid_and_safe(project):
    github = sorted((project / ".github" / "workflows").glob("*.yml"))
    gitlab = sorted([*project.glob(".gitlab-ci.yml"), *project.glob(".gitlab/ci/*.yml")])

    if github:
        checked_by_schema(project, "github-workflows", github)
        run(str(VENV / "zizmor"), "--offline", "--no-progress", ".github", cwd=project)
    if gitlab:
        checked_by_schema(project, "gitlab-ci", gitlab)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert bool(github) == (answers["ci"] == "github")
    assert bool(gitlab) == (answers["ci"] == "gitlab")


def test_actions_are_pinned_by_commit(project):
    for path in (project / ".github").rglob("*.yml") if (project / ".github").exists() else []:
        for used in re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8")):
            assert used[0].startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used[0]), (
                path,
                used,
            )


def test_the_catalog_is_valid_and_nothing_is_ticked(render: Render):
    project = render()
    run("git", "init", "--quiet", cwd=project)

    run(sys.executable, "-m", "ml_checklist", "validate", cwd=project)

    report = json.loads(
        run(sys.executable, "-m", "ml_checklist", "report", "--format", "json", cwd=project).stdout
    )
    assert report["phase"] == "poc"
    assert not [
        item["id"] for item in report["items"] if item["kind"] != "auto" and item["state"] == "pass"
    ]
    assert not (project / "checklist" / "ticks").exists()
    assert not (project / "checklist" / "project.yml").exists()


EVERY = {".copier-answers.yml", "checklist", "docs", "hooks"}
CORE = EVERY | {
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    "AGENTS.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "conf",
    "data",
    "logs",
    "make",
    "notebooks",
    "pyproject.toml",
    "src",
    "tests",
}
SHIP = {
    ".devcontainer",
    ".dockerignore",
    ".secrets.baseline",
    "CHANGELOG.md",
    "Dockerfile",
    "compose.yaml",
    "deploy",
}


def test_promises_of_the_root_hold(project):
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    with_code = answers["scaffold"] != "checklist"
    expected = CORE if with_code else EVERY
    expected = (
        expected | {"github": {".github"}, "gitlab": {".gitlab"}, "none": set()}[answers["ci"]]
    )
    if answers["ci"] == "gitlab" and with_code:
        expected |= {".gitlab-ci.yml"}
    if answers["owner"] and with_code:
        expected |= {"CODEOWNERS"}
    if answers["scaffold"] in ("mvp", "production"):
        expected |= SHIP
    if "docs" in answers.get("components", ()):
        expected |= {"mkdocs.yml"}
    if {"monitor", "operate"} & set(answers.get("components", ())):
        expected |= {"deploy"}

    assert {p.name for p in project.iterdir() if p.name != ".git"} == expected
