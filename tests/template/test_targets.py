"""Each make target and each command of a project is in its documents, and the reverse."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.template.rows import ALL

PROJECTS = {"poc": {}, "mvp": {"scaffold": "mvp", "components": ALL}}
# What the Makefile itself lists, or what only a workflow runs.
UNNAMED = {"help"}


@pytest.fixture(params=PROJECTS)
def project(request, rendered: Render) -> Path:
    return rendered(**PROJECTS[request.param])


def pages(project: Path) -> list[Path]:
    return [project / "README.md", project / "AGENTS.md", *sorted((project / "docs").rglob("*.md"))]


def makefiles(project: Path) -> str:
    files = [project / "Makefile", *sorted((project / "make").glob("*.mk"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def targets(project: Path) -> Iterator[tuple[str, str]]:
    """Each target that `make` lists, with its recipe."""
    for found in re.finditer(
        r"(?m)^([a-z-]+)::? ?.*##.*\n((?:\t.*\n)*)", makefiles(project) + "\n"
    ):
        yield found[1], found[2]


def written(project: Path) -> str:
    """All documents as one line; `<project>` stands for the name of the command line."""
    text = " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in pages(project))
    text = text.replace("<project>", "my-model")
    # "`uv run <project> register`, `models`, `promote`" names three commands.
    return re.sub(r"(uv run my-model )([a-z-]+`(?:,? (?:and )?`[a-z-]+`)+)", each_command, text)


def each_command(found: re.Match[str]) -> str:
    return ", ".join(f"`{found[1]}{name}`" for name in re.findall(r"([a-z-]+)`", found[2]))


def test_every_target_is_in_a_document(project):
    text = written(project)
    named = {word for line in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", text) for word in line.split()}

    assert sorted({name for name, _ in targets(project)} - named - UNNAMED) == []


def test_every_target_of_one_command_has_its_uv_run_form_in_a_document(project):
    text, lacking = written(project), []
    for name, recipe in targets(project):
        lines = [line.strip().lstrip("@") for line in recipe.splitlines()]
        if len(lines) == 1 and lines[0].startswith("$(RUN) "):
            first, second = (*lines[0].replace("$(NAME)", "my-model").split()[1:], "")[:2]
            if not re.search(rf"uv run (?:--\S+ )*{re.escape(f'{first} {second}'.strip())}", text):
                lacking.append(name)

    assert lacking == []


def test_every_command_is_in_a_document(project):
    text = written(project)
    names = {
        name
        for path in [*project.glob("src/*/main.py"), *project.glob("src/*/*/commands.py")]
        for block in re.findall(r"(?s)^COMMANDS.*?\{(.*?)\}", path.read_text("utf-8"), re.M)
        for name in re.findall(r'"([a-z-]+)":', block)
    }

    assert {"train", "evaluate"} <= names
    assert sorted(name for name in names if f"uv run my-model {name}" not in text) == []


def test_every_path_and_target_that_the_documents_name_exists(project):
    known = set(re.findall(r"(?m)^([a-z-]+)::?(?: |$)", makefiles(project)))
    n_named = 0

    for page in pages(project):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            assert (page.parent / target).exists(), (page.name, target)
            n_named += 1
        for line in re.findall(r"(?:`|^)(?:\$ )?make ((?:[a-z-]+ ?)+)", text, re.M):
            assert set(line.split()) <= known, (page.name, line)
            n_named += 1
    assert n_named > 10
