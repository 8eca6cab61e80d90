"""Every pairwise row of answers, checked without installing it."""

import itertools
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import Render, run
from tests.template import rows

VENV = Path(sys.executable).parent
TEXT = {".py", ".md", ".yml", ".yaml", ".toml", ".json", ".mk", ".html", ""}


@pytest.fixture(scope="module", params=rows.pairwise(), ids=rows.name)
def project(request, render: Render) -> Path:
    return render(**request.param)


def test_the_rows_cover_every_pair():
    made = rows.pairwise()

    for (a, x), (b, y) in itertools.combinations(rows.VALUES.items(), 2):
        for pair in itertools.product(x, y):
            assert any((row[a], row[b]) == pair for row in made), (a, b, pair)


def files(project: Path, *suffixes: str) -> list[Path]:
    return [p for p in sorted(project.rglob("*")) if p.is_file() and p.suffix in (suffixes or TEXT)]


def test_every_file_parses(project):
    for path in files(project):
        text = path.read_text(encoding="utf-8")
        if path.suffix in (".yml", ".yaml"):
            list(yaml.safe_load_all(text))
        elif path.suffix == ".toml":
            tomllib.loads(text)
        elif path.suffix in (".json", ".ipynb"):
            json.loads(text)
        elif path.suffix == ".py":
            compile(text, str(path), "exec")


def test_nothing_of_the_template_is_left(project):
    for path in project.rglob("*"):
        assert not re.search(r"[{}%]|\.jinja$|^$", path.name), path
    for path in files(project):
        text = path.read_text(encoding="utf-8").replace("${" + "{", "")
        if path.parts[len(project.parts)] in ("hooks",) or path.suffix == ".html":
            continue  # held free of braces by test_root_files
        description = [line for line in text.splitlines() if "{" + "%" in line or "{" + "#" in line]
        assert not description, (path, description)


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


def test_workflows_are_valid_and_safe(project):
    github = sorted((project / ".github" / "workflows").glob("*.yml"))
    gitlab = sorted(project.glob(".gitlab-ci.yml"))

    if github:
        run(
            str(VENV / "check-jsonschema"),
            "--builtin-schema",
            "vendor.github-workflows",
            *map(str, github),
            cwd=project,
        )
        run(
            str(VENV / "zizmor"),
            "--offline",
            "--no-progress",
            ".github",
            cwd=project,
        )
    if gitlab:
        run(
            str(VENV / "check-jsonschema"),
            "--builtin-schema",
            "vendor.gitlab-ci",
            *map(str, gitlab),
            cwd=project,
        )
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert bool(github) == (answers["ci"] == "github")
    with_code = answers["scaffold"] != "checklist"
    assert bool(gitlab) == (answers["ci"] == "gitlab" and with_code)


def test_actions_are_pinned_by_commit(project):
    for path in (project / ".github").rglob("*.yml") if (project / ".github").exists() else []:
        for used in re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8")):
            assert used[0].startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used[0]), (
                path,
                used,
            )


def test_the_catalog_is_valid_and_nothing_is_ticked(project):
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)

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


SHIPPED_BY_MVP = [
    ".devcontainer",
    ".dockerignore",
    ".secrets.baseline",
    "CHANGELOG.md",
    "Dockerfile",
    "compose.yaml",
    "mkdocs.yml",
]


def test_promises_of_the_tree_hold(project):
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    if answers["scaffold"] == "checklist":
        expected = {
            ".copier-answers.yml",
            "checklist",
            "docs",
            "hooks",
            *folders(answers["ci"], checklist_only=True),
        }
    else:
        expected = {
            ".copier-answers.yml",
            ".gitattributes",
            ".gitignore",
            ".pre-commit-config.yaml",
            "AGENTS.md",
            "LICENSE",
            "Makefile",
            "README.md",
            "SECURITY.md",
            "checklist",
            "conf",
            "data",
            "docs",
            "hooks",
            "logs",
            "make",
            "notebooks",
            "pyproject.toml",
            "src",
            "tests",
            *folders(answers["ci"], checklist_only=False),
            *(["CODEOWNERS"] if answers["owner"] else []),
            *(SHIPPED_BY_MVP if answers["scaffold"] == "mvp" else []),
        }

    assert {p.name for p in project.iterdir() if p.name != ".git"} == expected


def folders(ci: str, *, checklist_only: bool) -> set[str]:
    if ci == "none":
        return set()
    if ci == "github":
        return {".github"}
    return {".gitlab"} if checklist_only else {".gitlab", ".gitlab-ci.yml"}
