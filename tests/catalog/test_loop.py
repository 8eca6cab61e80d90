"""A gate is not passed by setting aside what is open, whatever sentences and names are typed."""

import shutil

import pytest
from ml_checklist.state import gate, project, survey

from tests.catalog.test_day_zero import PLAIN, answer
from tests.conftest import commit, run

WHY = "this item says nothing about the purpose of our small project"
ESSENTIAL = {"scoping.objective", "scoping.own-data", "data.licence", "responsible-ai.harms"}
ASIDE = (
    ("tick", "{}", "--na", WHY, "--approver", "@boss"),
    ("waive", "{}", "--reason", WHY, "--until", "2027-01-31", "--approver", "@boss"),
    ("decline", "{}", "--reason", WHY),
)


@pytest.fixture(scope="module")
def trained(set_up_project, tmp_path_factory):
    """A poc of one person, trained and tested on a copy of the sample as "own data"."""
    root = tmp_path_factory.mktemp("loop") / "project"
    shutil.copytree(set_up_project(), root, symlinks=True)
    run("uv", "sync", "--quiet", cwd=root)
    answer(root, {**PLAIN, "team": False})
    run("make", "prepare", cwd=root)
    (sample,) = (root / "data/original").glob("*.csv")
    shutil.copy(sample, root / "data/own.csv")
    conf = root / "conf/default.yaml"
    conf.write_text(conf.read_text().replace("file: sample", "file: data/own.csv"))
    commit(root, "Own data")
    run("make", "train", "evaluate", "test", cwd=root)
    return root


def checklist(root, *words):
    by = (
        ("--by", "@ann", "--today", "2026-11-21")
        if words[0] in ("tick", "waive", "decline")
        else ()
    )
    command = ("uv", "run", "--no-sync", "checklist", *words, *by)
    return run(*command, cwd=root, check=False)


@pytest.mark.slow
def test_a_loop_over_all_open_items_ends_red_and_says_why(trained):
    for words in ASIDE:
        for status in left_open(trained):
            checklist(trained, *(word.format(status.item.id) for word in words))
    ran, promoted = checklist(trained, "gate", "poc"), checklist(trained, "promote", "mvp")
    printed = " ".join(ran.stdout.split())

    assert (ran.returncode, promoted.returncode) == (1, 1)
    assert "items that ask a person are set aside, at most" in printed
    assert "data.file is the built-in sample, whatever its name" in printed
    assert {status.item.id for status in left_open(trained)} >= ESSENTIAL


def left_open(root):
    return gate.still_open(survey.take(project.open_project(str(root))), "poc")
