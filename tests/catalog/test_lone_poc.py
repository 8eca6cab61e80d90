"""A person alone finishes a proof of concept in a day: few items, few minutes, drafts to sign."""

import shutil
from pathlib import Path

import pytest
from ml_checklist.catalog.items import RANK
from ml_checklist.state import project, survey
from ml_checklist.state.status import NOT_APPLICABLE, PASS, Status

from tests.catalog.test_day_zero import PLAIN, answer
from tests.conftest import run

MOST_ITEMS, MOST_MINUTES = 12, 480
DRAFTED = ["data.origin", "data.licence", "responsible-ai.risk-class"]


@pytest.fixture(scope="module")
def trained(installed_project, tmp_path_factory) -> Path:
    """A poc of one person with a file of their own: trained, evaluated, tested."""
    root = tmp_path_factory.mktemp("lone") / "project"
    shutil.copytree(installed_project(), root, symlinks=True)
    answer(root, {**PLAIN, "third_party_data": True})
    run("uv", "sync", "--quiet", cwd=root)
    run("make", "prepare", cwd=root)
    (sample,) = (root / "data/original").glob("*.csv")
    lines = sample.read_text(encoding="utf-8").splitlines(keepends=True)
    (root / "data/own.csv").write_text("".join(lines[:451]), encoding="utf-8")
    conf = root / "conf/default.yaml"
    text = conf.read_text(encoding="utf-8")
    for old, new in (
        ("file: sample", "file: data/own.csv"),
        ("origin: null", "origin: clinic export of 2026"),
        ("licence: null", "licence: CC-BY-4.0"),
    ):
        assert old in text
        text = text.replace(old, new)
    conf.write_text(text, encoding="utf-8")
    for words in (["train", "evaluate"], ["test"]):
        run("git", "add", "--all", cwd=root)
        run("git", "commit", "--quiet", "--no-verify", "--message", "Go on", cwd=root)
        run("make", *words, cwd=root)
    return root


def open_items(root: Path, phase: str = "poc") -> list[Status]:
    """What a gate still asks of the project, most minutes first."""
    statuses = survey.take(project.open_project(str(root))).statuses.values()
    asked = [s for s in statuses if s.item.counts and RANK[s.item.phase] <= RANK[phase]]
    left = [s for s in asked if s.state not in (PASS, NOT_APPLICABLE)]
    return sorted(left, key=lambda s: -s.item.minutes)


@pytest.mark.slow
def test_a_poc_of_one_person_leaves_few_items_and_a_day_of_work(trained):
    left = open_items(trained)
    minutes = sum(status.item.minutes for status in left)
    listed = "\n".join(f"{s.item.minutes:4} {s.item.id} {s.sentence}" for s in left)

    assert len(left) <= MOST_ITEMS, listed
    assert minutes <= MOST_MINUTES, listed


@pytest.mark.slow
def test_what_is_left_needs_a_person_and_no_repair(trained):
    machine = [s.item.id for s in open_items(trained) if s.item.kind == "auto"]

    assert machine == []


@pytest.mark.slow
def test_drafts_are_ready_for_a_signature(trained, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(trained, root, symlinks=True)
    run("uv", "run", "--no-sync", "checklist", "draft", cwd=root)
    signed = run("uv", "run", "--no-sync", "checklist", "tick", "--by", "@ann", *DRAFTED, cwd=root)
    left = {status.item.id for status in open_items(root)}

    assert signed.stdout.count("done ") == len(DRAFTED)
    assert left.isdisjoint(DRAFTED)
    assert {"data.known-gaps", "evaluation.error-analysis"} <= left
