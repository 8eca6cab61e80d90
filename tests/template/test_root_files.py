"""Root files reach a project byte by byte, and copier.yml lists all of them."""

from pathlib import Path

import pytest

from tests import file_lists
from tests.conftest import ROOT, Render, tracked_files

MOVES = {"hooks/ml_checklist/": "hooks/ml_checklist/", "checklists/": "checklist/catalog/"}
SHARED = [name for name in tracked_files() if name.startswith(tuple(MOVES))]


def test_copier_lists_every_root_file():
    _, written = file_lists.current()

    assert written == file_lists.render(), "copier.yml's lists are behind: run `make lists`"


@pytest.mark.parametrize("name", SHARED)
def test_root_file_holds_no_jinja(name):
    text = (ROOT / name).read_text(encoding="utf-8")

    assert not [brace for brace in ("{" + "{", "{" + "%", "{" + "#") if brace in text]


def test_rendered_root_files_equal_their_source(render: Render, template: Path):
    project = render()

    assert SHARED
    for name in SHARED:
        source = next(folder for folder in MOVES if name.startswith(folder))
        copy = project / (MOVES[source] + name.removeprefix(source))
        assert copy.read_bytes() == (template / name).read_bytes(), name


def test_no_root_file_lies_deeper_than_the_lists_reach():
    folders = set(file_lists.FOLDERS.values())

    assert {name.rpartition("/")[0] for name in SHARED} <= folders


def test_no_symbolic_links():
    links = [name for name in tracked_files() if (ROOT / name).is_symlink()]

    assert not links, "a Windows clone turns links into text files"
