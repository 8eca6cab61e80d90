"""Released versions can be rebuilt, and this tree keeps what it owes to projects of the newest."""

import itertools
import shutil
import tomllib
from pathlib import Path

import pytest
from ml_checklist import __version__

from tests.conftest import ROOT, tracked_files
from tests.versions import faults, snapshots
from tests.versions.snapshots import ROOTS, git

NEWEST = snapshots.versions()[-1]
# Questions that are no longer asked, whose answers updates of old projects still pass; and a name
# that is given at an update and never kept.
NOT_ASKED = {"tracker", "queue", "remove"}
# Version -> what was seen after it was out; the changelog of the next one tells it.
FLAWS: dict[str, list[str]] = {}


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All versions, rebuilt; the newest is checked out."""
    return snapshots.rebuild(tmp_path_factory.mktemp("versions") / "copier-ml")


def test_there_are_versions_to_update_from():
    assert snapshots.versions()[0] == "0.3.1"


@pytest.mark.parametrize("version", snapshots.versions())
def test_a_stored_version_is_the_one_that_was_released(history, version):
    held = snapshots.recorded()[version]
    tagged = git(ROOT, "tag", "--list", f"v{version}") if (ROOT / ".git").exists() else ""

    assert snapshots.sha256(snapshots.bundle(version)) == held["bundle"]
    assert snapshots.roots(history, f"v{version}") == held["roots"]
    assert set(held["roots"]) == set(ROOTS) - ({"components.yml"} if version == "0.3.1" else set())
    # A clone may come without tags; where there is one it is the same.
    assert not tagged or snapshots.roots(ROOT, f"v{version}") == held["roots"]


def test_the_version_stands_the_same_everywhere():
    tables = [
        tomllib.loads((ROOT / name).read_text(encoding="utf-8"))["project"]["version"]
        for name in ("pyproject.toml", "template/{{ every }}/hooks/pyproject.toml")
    ]

    assert {*tables, __version__} == {NEWEST}


@pytest.fixture(scope="session")
def trees(history: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Version -> its tree."""
    folder = tmp_path_factory.mktemp("trees")
    for version in snapshots.versions():
        git(history, "worktree", "add", "--quiet", str(folder / version), f"v{version}")
    return {version: folder / version for version in snapshots.versions()}


def test_this_tree_keeps_what_it_owes_to_projects_of_the_newest_version(history):
    assert faults.faults(history, ROOT, NEWEST) == []


def test_each_version_kept_what_it_owed_to_the_one_before(trees):
    for old, new in itertools.pairwise(snapshots.versions()):
        found = faults.faults(trees[old], trees[new], old, new)

        assert found == FLAWS.get(new, [])


@pytest.mark.parametrize("version", snapshots.versions())
def test_projects_of_every_version_have_the_answers_that_this_tree_asks_for(trees, version):
    assert list(faults.undefined(trees[version], ROOT)) == []


def test_the_guard_of_data_knows_every_question():
    names, _ = faults.guarded(ROOT)

    assert set(names) == {*faults.questions(ROOT), *NOT_ASKED}


ITEM = "checklists/scoping.yml"
NEXT = snapshots.announced()
TOMBSTONE = f"""\
  - id: scoping.pipelines
    rev: 1
    lifecycle: {{state: retired, since: {NEXT}}}
"""


def without_item(text: str, name: str, tombstone: str = "") -> str:
    head, *rest = text.split("\n  - id: ")
    kept = [part for part in rest if not part.startswith(f"{name}\n")]
    assert len(kept) == len(rest) - 1, name
    return "\n  - id: ".join([head, *kept]).rstrip("\n") + f"\n{tombstone}"


def swapped(old: str, new: str, count: int = 1):
    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, count)

    return edit


# What a release may forget -> (file, edit, a word of the sentence that refuses it).
FORGOTTEN = {
    "tombstone": (ITEM, lambda t: without_item(t, "scoping.pipelines"), "leave a tombstone"),
    "date-of-tombstone": (
        ITEM,
        lambda t: without_item(t, "scoping.pipelines", TOMBSTONE.replace(NEXT, "0.1.0")),
        "it must be later",
    ),
    "was": (
        ITEM,
        swapped("id: scoping.pipelines\n", "id: scoping.flows\n"),
        "scoping.pipelines is forg",
    ),
    "old-was": (ITEM, swapped("    was: [scoping.feasibility]\n", ""), "scoping.feasibility is f"),
    "date-of-change": (ITEM, swapped("    rev: 1\n", "    rev: 2\n"), "lifecycle.changed"),
    "lower-rev": (
        "checklists/data.yml",
        swapped("data.quality\n    rev: 2\n", "data.quality\n    rev: 1\n"),
        "is lower than",
    ),
    "reused-id": (
        "checklists/responsible-ai.yml",
        lambda t: swapped("  - id: responsible-ai.misuse\n", "  - id: responsible-ai.tampering\n")(
            without_item(t, "responsible-ai.tampering")
        ),
        "is used again",
    ),
    "less-evidence": (
        "checklists/data.yml",
        swapped("      accept: [path, url]\n", "      accept: [url]\n"),
        "accepts less evidence",
    ),
    "counts-at-once": (
        ITEM,
        swapped(
            "  - id: scoping.pipelines\n    rev: 1\n",
            "  - {id: scoping.new, rev: 1, level: must, lifecycle: {state: active, since: 9.0.0}}\n"
            "  - id: scoping.pipelines\n    rev: 1\n",
        ),
        "arrive `upcoming`",
    ),
    "fact": ("checklists/facts.yml", swapped("name: has_time", "name: has_clock"), "is gone"),
    "choice-of-a-fact": ("checklists/facts.yml", swapped(", queue", ""), "no longer be answered"),
    "name-of-a-question": (
        "copier.yml",
        swapped('"tracker", "queue"]', '"tracker"]'),
        "left known",
    ),
    "choice": (
        "components.yml",
        swapped('    "MIT          - do what you like, keep the notice": MIT\n', ""),
        "is refused now",
    ),
    "choice-of-a-retired-question": (
        "components.yml",
        swapped("[none, redis]", "[none]"),
        "question queue: the answer redis is refused now",
    ),
    "file-in-exclude": ("copier.yml", swapped("  - /make/README.md", "  # "), "left _exclude"),
    "catalog-in-exclude": (
        "copier.yml",
        swapped("  - /make/README.md", "  - /checklist/catalog/data.yml\n  - /make/README.md"),
        "is ours and in _exclude",
    ),
    "folder-of-the-tool-in-exclude": (
        "copier.yml",
        swapped("  - /make/README.md", "  - /hooks\n  - /make/README.md"),
        "is ours and in _exclude",
    ),
    "answer-that-old-projects-lack": (
        "copier.yml",
        swapped(
            "  - /make/README.md", "  - '{% if new_answer %}/x{% endif %}'\n  - /make/README.md"
        ),
        "_exclude names new_answer",
    ),
    "shipped-and-excluded": (
        "copier.yml",
        swapped("  - /make/README.md", "  - /logs/README.md\n  - /make/README.md"),
        "would reach nobody",
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the roots of this tree."""
    for name in (n for n in tracked_files() if n.split("/")[0] in ROOTS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_release_that_forgets_is_refused(history, tree, name):
    file, edit, word = FORGOTTEN[name]
    path = tree / file
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")

    found = faults.faults(history, tree, NEWEST)

    assert any(word in line for line in found), found


@pytest.mark.parametrize("file", ["logs/README.md", "conf/default.yaml.jinja"])
def test_a_release_that_drops_a_file_of_people_must_exclude_it(history, tree, file):
    (tree / "template/{{ core }}" / file).unlink()
    name = file.removesuffix(".jinja")

    found = faults.faults(history, tree, NEWEST)
    copier = tree / "copier.yml"
    text = copier.read_text(encoding="utf-8")
    copier.write_text(
        text.replace("  - /make/README.md", f"  - /{name}\n  - /make/README.md"), encoding="utf-8"
    )

    assert found == [f"{name} is gone; list it in _exclude, or edited copies of it are deleted"]
    assert faults.faults(history, tree, NEWEST) == []


def test_a_tool_file_is_dropped_without_a_word(history, tree):
    (tree / "hooks/ml_checklist/origin.py").unlink()

    assert faults.faults(history, tree, NEWEST) == []


def test_a_date_of_the_wrong_version_is_refused_at_release(history, tree):
    path = tree / ITEM
    text = path.read_text(encoding="utf-8")
    late = TOMBSTONE.replace(NEXT, "99.0.0")

    path.write_text(without_item(text, "scoping.pipelines", late), encoding="utf-8")

    assert faults.faults(history, tree, NEWEST) == []
    assert faults.faults(history, tree, NEWEST, NEXT) == [
        f"scoping.pipelines: lifecycle.since says 99.0.0; this release is {NEXT}"
    ]
