"""What the documents of this repository name exists, and the README shows real output."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ml_checklist import cli

from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEMPLATE = ROOT / "template"


def text_of(page: Path) -> str:
    """A page; of the changelog what is newer than 0.3.1, since older sections name older files."""
    text = page.read_text(encoding="utf-8")
    return text[: text.index("## 0.3.1 ")] if page.name == "CHANGELOG.md" else text


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_a_file_and_a_heading(page):
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)]+)", text_of(page)):
        file, _, anchor = target.partition("#")
        path = page.parent / file if file else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_that_a_document_names_are_in_a_makefile(page):
    makefiles = [ROOT / "Makefile", *TEMPLATE.glob("*/Makefile*"), *TEMPLATE.glob("*/make/*.mk")]
    known = {w for m in makefiles for w in re.findall(r"^([a-z-]+)::?(?: |$)", m.read_text(), re.M)}
    # The changelog names what is gone beside its new name, in a table.
    text = re.sub(r"^ *\|.*$", "", text_of(page), flags=re.M)

    for line in re.findall(r"(?:`|^)(?:\$ )?make ([a-z -]+)", text, re.M):
        assert set(line.split()) <= known, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_the_checklist_that_a_document_shows_exist(page):
    shown = re.findall(r"(?:hooks|run|`) ?checklist ([a-z]+)", text_of(page))

    assert [name for name in shown if name not in cli.COMMANDS] == []


# What a command makes, or a version before had; and a name that stands for the reader's own.
ELSEWHERE = {
    "conf/NAME.yaml",
    "conf/contract.yaml",
    "conf/schema.yaml",
    "conf/tuned.yaml",
    "hooks/.venv",
    "tests/PACKAGE/",
    "docs/adr/",  # of projects that were not made from the template
}


def in_a_project(name: str) -> Iterator[Path]:
    """Where a file of a project lies in the template, whatever layer it is of."""
    name = re.sub(r"^\.(github|gitlab)/", r"{{ \1 }}/", name)
    for layer in TEMPLATE.iterdir():
        yield from (layer / name, layer / f"{name}.jinja")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_document_names_are_here_or_in_a_project(page):
    named = re.findall(r"`((?:\.github|\.gitlab|conf|docs|hooks|tests)/[\w./-]+)`", text_of(page))

    for name in {*named} - ELSEWHERE:
        assert any(path.exists() for path in (ROOT / name, *in_a_project(name))), name


def table() -> dict[str, Any]:
    """components.yml."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "components.yml").read_text(encoding="utf-8"))
    return loaded


def test_the_readme_lists_every_question_and_every_choice():
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    questions = {n for n, q in config.items() if n[0] != "_" and q.get("when") is not False}

    for name in questions - {"data_guard"}:
        assert f"`{name}`" in readme
    for question, choices in table()["choices"].items():
        for choice in choices.values():
            assert f"`{choice}`" in readme, (question, choice)


def test_the_readme_lists_every_component_as_the_table_has_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = []
    for name, component in table()["components"].items():
        needs = " ".join(f"`{each}`" for each in component["needs"])
        scaffold = f"`{component['scaffold']}`" if "scaffold" in component else ""
        cells = [f"`{name}`", component["help"], needs, scaffold]
        rows.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")

    assert "\n".join(rows) in readme, "\n".join(rows)


def test_the_pictures_of_the_readme_are_small():
    pictures = re.findall(r"!\[[^]]{20,}\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))

    assert len(pictures) == 2
    assert all((ROOT / name).stat().st_size < 150_000 for name in pictures)


def transcript() -> list[str]:
    """The lines of the README's first block, below its command."""
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("```\n")[1]
    return block.splitlines()[1:]


def plain(line: str) -> str:
    """Without what differs from run to run: the time of the run, seconds."""
    return re.sub(r"logs/[\dT-]+|\d+\.\d s$", "", line).strip()


def test_the_readme_shows_what_the_demo_prints(demo_output):
    printed = [plain(line) for line in demo_output.splitlines()]

    assert len(transcript()) > 8
    assert [line for line in transcript() if plain(line) not in printed] == []


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
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    theirs = tomllib.loads((TEMPLATE / "{{ every }}/hooks/pyproject.toml").read_text())["project"]
    tool = Path(ROOT / "hooks/ml_checklist/__init__.py").read_text()

    assert ours["version"] == theirs["version"]
    assert f'__version__ = "{ours["version"]}"' in tool
    assert ours["dependencies"] == theirs["dependencies"]
    assert ours["name"] == theirs["name"]
    assert ours["version"] in (ROOT / "CHANGELOG.md").read_text()
