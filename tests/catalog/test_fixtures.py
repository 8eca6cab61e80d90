"""Every probe of the catalog is shown green on what meets the item, and red on what does not."""

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ml_checklist import probes, proofs, yaml_io
from ml_checklist.catalog.items import Item
from ml_checklist.catalog.load import load
from ml_checklist.probes.finding import FOUND, MISSING, Finding
from ml_checklist.probes.tree import Tree

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
CATALOG = load(ROOT / "checklists")


def load_cases() -> dict[str, dict[str, Any]]:
    """Item id -> its green and red trees, of all files."""
    cases: dict[str, dict[str, Any]] = {}
    for path in sorted(FIXTURES.glob("*.yml")):
        for name, case in (yaml_io.load(path, path.name, strict=False) or {}).items():
            assert name not in cases, f"{path.name}: {name} has fixtures in two files"
            cases[name] = case
    return cases


CASES = load_cases()
TODAY = date(2026, 11, 21)  # the fixtures' dates do not age
PROBED = [item for item in CATALOG.items.values() if item.probe]
PROVEN_ONLY = [
    item for item in PROBED if {p["type"] for p in probes.walk(item.probe)} == {"proven"}
]
LOOKED_AT = [item for item in PROBED if item not in PROVEN_ONLY]


def plant(root: Path, tree: dict[str, Any], item: Item) -> Tree:
    """Write a fixture's files below `root`, with a test report in which the item's tests passed."""
    for name, content in {**(tree.get("files") or {}), **(tree.get("untracked") or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_text(name, content), encoding="utf-8")
    large = tree.get("large") or {}
    for name, megabytes in large.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\0" * int(megabytes * 1_000_000))
    if tree.get("git"):
        commit(root, [*(tree.get("files") or {}), *large])
    if tree.get("merged_by"):
        merge(root, tree["merged_by"])
    asked = {p.get("item", item.id) for p in probes.walk(item.probe) if p["type"] == "proven"}
    outcome = tree.get("proofs", "passed")  # of the tests that prove the item
    n_tests = tree.get("n_tests", 0)  # that passed, where the item asks for a run of all tests
    if asked or n_tests:
        proofs.keep(
            root / ".checklist/proofs.json",
            proofs.identity(root),
            {(name, f"tests/test_x.py::test_{n}"): outcome for name in asked for n in range(5)},
            tests={f"tests/test_x.py::test_{n}": "passed" for n in range(n_tests)},
        )
    return Tree(root, today=TODAY)


def as_text(name: str, content: Any) -> str:
    """A fixture's content as the file holds it."""
    if isinstance(content, str):
        return content
    return (
        yaml_io.dump(content)
        if name.endswith((".yml", ".yaml")) and flat(content)
        else json.dumps(content, indent=1)
    )


def flat(content: Any) -> bool:
    """Whether the writer of our own state files can write it; JSON is YAML for all else."""
    return isinstance(content, dict) and not any(
        isinstance(value, list | dict) for value in content.values()
    )


def commit(root: Path, names: list[str]) -> None:
    """Make the tree a repository that tracks `names`."""
    for command in (
        ["init", "-q"],
        ["add", "--force", "--", *names],
        ["commit", "-q", "-m", "all"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)


def merge(root: Path, by: str) -> None:
    """A release, and then a branch of which each file is changed, merged by somebody."""
    mine = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    theirs = ["-c", f"user.name={by}", "-c", f"user.email={by}@example.org"]
    for words in (
        [*mine, "init", "-q", "-b", "main"],
        [*mine, "add", "--all"],
        [*mine, "commit", "-q", "-m", "all"],
        [*mine, "tag", "-a", "v0.1.0", "-m", "first"],
        [*mine, "switch", "-q", "-c", "branch"],
        [*mine, "rm", "-q", "-r", "src"],
        [*mine, "commit", "-q", "-m", "change"],
        [*mine, "switch", "-q", "main"],
        [*theirs, "merge", "-q", "--no-ff", "-m", "merge", "branch"],
    ):
        subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def probe(root: Path, item: Item, colour: str) -> Finding:
    assert item.probe is not None
    return probes.run(plant(root, CASES[item.id][colour], item), item.probe, item.id)


@pytest.mark.parametrize("item", LOOKED_AT, ids=lambda item: item.id)
def test_the_probe_is_green_on_what_meets_the_item(item, tmp_path):
    assert item.id in CASES, f"{item.id} has a probe and no fixture in tests/catalog/fixtures"
    finding = probe(tmp_path, item, "green")

    assert finding.outcome == FOUND, finding.sentence


@pytest.mark.parametrize("item", LOOKED_AT, ids=lambda item: item.id)
def test_the_probe_is_red_on_a_plausible_wrong_tree(item, tmp_path):
    assert item.id in CASES, f"{item.id} has a probe and no fixture in tests/catalog/fixtures"
    files = CASES[item.id]["red"].get("files") or {}
    finding = probe(tmp_path, item, "red")

    assert any(str(content).strip() for content in files.values()), "red because nothing is there"
    assert finding.outcome == MISSING, finding.sentence


@pytest.mark.parametrize("item", PROVEN_ONLY, ids=lambda item: item.id)
@pytest.mark.parametrize("outcome", ["failed", "skipped", "empty"])
def test_an_item_proven_by_tests_is_red_unless_they_pass(item, outcome, tmp_path):
    tree = plant(tmp_path, {"files": {"src/shop/main.py": "x = 1\n"}}, item)
    assert probes.run(tree, item.probe, item.id).outcome == FOUND
    asked = {p.get("item", item.id) for p in probes.walk(item.probe)}
    results = {(name, f"tests/test_x.py::test_{n}"): outcome for name in asked for n in range(5)}
    (tmp_path / ".checklist/proofs.json").unlink()
    proofs.keep(tmp_path / ".checklist/proofs.json", proofs.identity(tmp_path), results)

    assert probes.run(Tree(tmp_path), item.probe, item.id).outcome == MISSING


def test_no_fixture_is_left_over():
    assert sorted(set(CASES) - {item.id for item in PROBED}) == []
