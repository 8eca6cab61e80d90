"""A person alone finishes a proof of concept in a day, and an mvp in a week."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ml_checklist.state import project, survey
from ml_checklist.state.status import NOT_APPLICABLE, PASS, Status

from tests.catalog.test_day_zero import PLAIN, answer
from tests.conftest import ROOT, run

# Scaffold and phase -> the most items and minutes that it asks of a person, above the phase before.
MOST = {"poc": (12, 480), "mvp": (30, 2400)}
DRAFTED = ["data.origin", "data.licence", "responsible-ai.risk-class"]


@pytest.fixture(scope="module")
def trained(set_up_project, tmp_path_factory) -> Callable[[str], Path]:
    """`trained(scaffold)`: of one person with a file of their own: trained, evaluated, tested."""
    made: dict[str, Path] = {}

    def make(scaffold: str) -> Path:
        if scaffold not in made:
            root = tmp_path_factory.mktemp("lone") / "project"
            shutil.copytree(set_up_project(scaffold=scaffold), root, symlinks=True)
            made[scaffold] = with_own_data(root)
        return made[scaffold]

    return make


def with_own_data(root: Path) -> Path:
    answer(root, {**PLAIN, "third_party_data": True})
    run("uv", "sync", "--quiet", cwd=root)
    shutil.copy(ROOT / "tests/generated/foreign/penguins.csv", root / "data/own.csv")
    conf = root / "conf/default.yaml"
    text = conf.read_text(encoding="utf-8")
    for old, new in (
        ("file: sample", "file: data/own.csv"),
        ("target: diagnosis", "target: species"),
        ("    test: 0.2", "    test: 0.4"),
        ("origin: null", "origin: Palmer Station LTER"),
        ("licence: null", "licence: CC0-1.0"),
    ):
        assert old in text
        text = text.replace(old, new)
    conf.write_text(text, encoding="utf-8")
    for words in (["train", "evaluate"], ["test"]):
        run("git", "add", "--all", cwd=root)
        run("git", "commit", "--quiet", "--no-verify", "--message", "Go on", cwd=root)
        # On a busy machine a test of the service may be too slow: what it proves is then left.
        run("make", *words, cwd=root, check="test" not in words)
    return root


def open_items(root: Path, phase: str) -> list[Status]:
    """What the gate of a phase asks besides that of the phase before, most minutes first."""
    statuses = survey.take(project.open_project(str(root))).statuses.values()
    asked = [s for s in statuses if s.item.counts and s.item.phase == phase]
    left = [s for s in asked if s.state not in (PASS, NOT_APPLICABLE)]
    return sorted(left, key=lambda s: -s.item.minutes)


@pytest.mark.slow
@pytest.mark.parametrize("phase", MOST)
def test_one_person_has_few_items_and_little_work_left(trained, phase):
    most_items, most_minutes = MOST[phase]
    left = open_items(trained(phase), phase)
    minutes = sum(status.item.minutes for status in left)
    listed = "\n".join(f"{s.item.minutes:4} {s.item.id} {s.sentence}" for s in left)

    assert len(left) <= most_items, listed
    assert minutes <= most_minutes, listed


@pytest.mark.slow
def test_what_is_left_of_a_poc_needs_a_person_and_no_repair(trained):
    machine = [s.item.id for s in open_items(trained("poc"), "poc") if s.item.kind == "auto"]

    assert machine == []


@pytest.mark.slow
def test_drafts_are_ready_for_a_signature(trained, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(trained("poc"), root, symlinks=True)
    run("uv", "run", "--no-sync", "checklist", "draft", cwd=root)
    signed = run("uv", "run", "--no-sync", "checklist", "tick", "--by", "@ann", *DRAFTED, cwd=root)
    left = {status.item.id for status in open_items(root, "poc")}

    assert signed.stdout.count("done ") == len(DRAFTED)
    assert left.isdisjoint(DRAFTED)
    assert {"data.known-gaps", "evaluation.error-analysis"} <= left
