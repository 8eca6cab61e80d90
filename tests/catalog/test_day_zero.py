"""A new project is green only on what its files, its answers or its own run truly prove."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from ml_checklist import yaml_io
from ml_checklist.catalog.load import load
from ml_checklist.state import project, survey
from ml_checklist.state.status import PASS

from tests.conftest import run

ROOT = Path(__file__).resolve().parents[2]
LISTED: dict[str, dict[str, str]] = yaml_io.load(
    Path(__file__).parent / "day_zero.yml", "day_zero.yml"
)
CATALOG = load(ROOT / "checklists")
# A table on one machine that decides about nobody; and everything that can be said at once.
PLAIN: dict[str, Any] = {
    fact.name: fact.choices[0] if fact.choices else False for fact in CATALOG.facts.values()
}
FULL: dict[str, Any] = {
    **{name: True if value is False else value for name, value in PLAIN.items()},
    "risk_tier": "high",
    "serving": "realtime",
}


def known(*how: str) -> list[str]:
    return sorted(name for name, entry in LISTED.items() if entry["known"] in how)


def passing(root: Path) -> list[str]:
    statuses = survey.take(project.open_project(str(root))).statuses
    return sorted(name for name, status in statuses.items() if status.state == PASS)


def answer(root: Path, facts: dict[str, Any]) -> None:
    (root / "checklist").mkdir(exist_ok=True)
    (root / "checklist/project.yml").write_text(
        yaml_io.dump({"phase": "poc", "facts": facts}), encoding="utf-8"
    )


def test_each_entry_says_how_it_is_known_and_why():
    assert sorted(set(LISTED) - set(CATALOG.items)) == []
    for name, entry in LISTED.items():
        assert entry["known"] in {"files", "start", "run"}, name
        assert len(entry["why"].split()) >= 5, name


def test_a_rendered_project_is_green_on_what_its_files_prove(render):
    assert passing(render()) == known("files")


@pytest.mark.parametrize("facts", [PLAIN, FULL], ids=["plain", "full"])
def test_answers_alone_make_little_green(facts, render):
    root = render()
    answer(root, facts)
    started = known("start") if facts is PLAIN else ["scoping.checklist"]

    assert passing(root) == sorted([*known("files"), *started])


@pytest.mark.slow
def test_a_first_run_makes_green_what_it_proves(set_up_project, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(set_up_project(), root, symlinks=True)
    answer(root, PLAIN)
    run("uv", "sync", "--quiet", cwd=root)
    for words in (["train", "evaluate"], ["test"]):
        run("git", "add", "--all", cwd=root)
        run("git", "commit", "--quiet", "--no-verify", "--message", "Go on", cwd=root)
        run("make", *words, cwd=root)

    assert passing(root) == sorted(LISTED)
