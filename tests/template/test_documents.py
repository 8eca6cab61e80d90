"""What the documents of this repository promise is there, and the README shows real output."""

import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")

    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words_that_a_document_names_are_in_a_makefile(page):
    makefiles = [ROOT / "Makefile", ROOT / "template/Makefile.jinja"]
    makefiles += (ROOT / "template/make").glob("*.mk")
    known = {w for m in makefiles for w in re.findall(r"^([a-z-]+)::?(?: |$)", m.read_text(), re.M)}

    for line in re.findall(r"(?:`|^)(?:\$ )?make ([a-z -]+)", page.read_text(), re.M):
        assert set(line.split()) <= known, line


# What a command of the project makes, and what stands for a name of the reader's own.
MADE = {"conf/tuned.yaml", "hooks/.venv"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_document_names_are_here_or_in_a_project(page):
    places = [ROOT, ROOT / "template", *(ROOT / "template").glob("{% if on_*")]
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:\.github|\.gitlab|conf|docs|hooks|tests)/[\w./-]+)`", text)

    for name in {*named} - MADE:
        inside = name.partition("/")[2]  # of .github, whose folder's name holds a condition
        found = [
            path
            for place in places
            for path in (place / name, place / f"{name}.jinja", place / inside)
            if path.exists()
        ]
        assert found, name


def test_the_readme_lists_every_question_and_every_choice():
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    asked = {n: q for n, q in config.items() if n[0] != "_" and q.get("when") is not False}

    for name, question in asked.items():
        assert f"`{name}`" in readme
        for choice in question.get("choices", {}).values():
            assert f"`{choice}`" in readme, (name, choice)


def transcript() -> list[str]:
    """The lines of the README's first block, below its command."""
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("```\n")[1]
    return block.splitlines()[1:]


def plain(line: str) -> str:
    """Without what differs from run to run: the path of the clone, seconds."""
    return re.sub(r"from (/\S+|the clone)|\d+\.\d s$", "", line).strip()


def test_the_readme_shows_what_the_demo_prints(demo_output):
    said = [plain(line) for line in demo_output.splitlines()]

    assert len(transcript()) > 8
    assert [line for line in transcript() if plain(line) not in said] == []


def test_no_machine_and_no_package_index_is_named():
    hosts = re.compile(r"(py.i|python.osted|n.mjs|deb[.]deb.an)\.(org|com)")
    paths = re.compile(r"(?<![\w.])/(work|farm|opt|root)/[\w.-]+")
    from tests.conftest import tracked_files

    for name in tracked_files():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            assert not hosts.search(line), (name, number)
            assert not paths.search(line), (name, number)


def test_versions_agree():
    import tomllib

    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    theirs = tomllib.loads((ROOT / "template/hooks/pyproject.toml").read_text())["project"]
    tool = Path(ROOT / "hooks/ml_checklist/__init__.py").read_text()

    assert ours["version"] == theirs["version"]
    assert f'__version__ = "{ours["version"]}"' in tool
    assert ours["dependencies"] == theirs["dependencies"]
    assert ours["name"] == theirs["name"]
    assert ours["version"] in (ROOT / "CHANGELOG.md").read_text()
