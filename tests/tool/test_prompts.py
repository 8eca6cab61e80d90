"""What a person at a terminal is asked."""

import os
import sys
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect")
HOOKS = Path(__file__).resolve().parents[2] / "hooks"
DOWN, ENTER = "\x1b[B", "\r"
KIND_OF_DATA = """\
  - {name: data_kind, type: choice, choices: [tabular, image], question: Which?, why: They differ.}
"""


def spawn(project, *args):
    """The tool at a terminal."""
    env = {**os.environ, "PYTHONPATH": str(HOOKS), "TERM": "xterm"}
    command = ["-m", "ml_checklist", *args]
    return pexpect.spawn(
        sys.executable, command, cwd=str(project.root), env=env, timeout=20, encoding="utf-8"
    )


def test_start_asks_each_fact_once_and_keeps_the_answers(project):
    child = spawn(project, "start")
    child.expect("Does it decide about people")
    child.send("\x1b[A\x1b[A" + ENTER)
    child.expect("How is it served")
    child.send(ENTER)
    child.expect("1 of 2 facts known")
    child.expect(pexpect.EOF)

    assert (
        project.root / "checklist/project.yml"
    ).read_text() == "phase: poc\nfacts:\n  affects_people: true\n"


def test_start_offers_what_the_answers_of_the_template_say(project):
    project.write(".copier-answers.yml", "scaffold: poc\ndata: image\n")
    facts = project.root / "checklist/catalog/facts.yml"
    facts.write_text(facts.read_text() + KIND_OF_DATA)
    child = spawn(project, "start")
    for name in ("affects_people:", "serving:", "data_kind:"):
        child.expect(name)
        child.send(ENTER)
    child.expect("1 of 3 facts known")
    child.expect(pexpect.EOF)

    assert "data_kind: image" in (project.root / "checklist/project.yml").read_text()


def test_tick_without_an_id_asks_which_and_on_what(project):
    child = spawn(project, "tick", "--by", "@ann")
    child.expect("Which one")
    child.send(DOWN + ENTER)
    child.expect("Evidence")
    child.send("https://example.org/u" + ENTER)
    child.expect("checklist/ticks/scoping.users.yml")
    child.expect(pexpect.EOF)

    assert project.states()["scoping.users"] == "pass"


def test_a_question_that_is_left_writes_nothing(project):
    child = spawn(project, "start")
    child.expect("Does it decide about people")
    child.expect("I do not know yet")  # by now the keys are read by the prompt
    child.sendcontrol("c")
    child.expect("nothing was written")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 130
    assert not (project.root / "checklist/project.yml").exists()
