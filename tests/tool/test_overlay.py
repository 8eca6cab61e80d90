"""An organisation adds and tightens; it never loosens."""

import json

import pytest

OWN = """\
section: house
order: 200
title: House rules
about: What this company asks on top.
items:
"""


def overlay(project, text):
    project.write("checklist/catalog.d/50-org.yml", text)


def test_an_organisation_adds_items_in_a_section_of_its_own(project, item):
    overlay(project, OWN + item("org.inventory"))

    assert project.states()["org.inventory"] == "todo"
    assert "House rules" in project.run("status", "--all").out


def test_own_items_may_join_a_section_that_exists(project, item):
    overlay(
        project, "section: scoping\nitems:\n" + item("x.sponsor", extra="requires: [scoping.users]")
    )

    assert project.states()["x.sponsor"] == "todo"


def test_own_items_carry_their_own_first_word(project, item):
    overlay(project, OWN + item("house.inventory"))
    ran = project.run("validate")

    assert ran.code == 2
    assert "starts with org. or x." in ran.err


def test_mistakes_of_a_heading_and_of_its_items_are_listed_together(project):
    overlay(project, "section: house\norder: 200\nabout: Ours.\nitems:\n  - {id: org.a, rev: 1}\n")
    ran = project.run("validate")

    assert ran.code == 2
    assert "the key 'title' is missing" in ran.err
    assert "org.a: the key 'why' is missing" in ran.err


def test_tightening_counts(project):
    overlay(
        project,
        "tighten:\n  - {id: scoping.idea, level: must}\n  - "
        "{id: scoping.fair, phase: poc, level: must}\n",
    )
    project.run("start", "affects_people=true", "serving=none")
    gate = json.loads(project.run("gate", "poc", "--format", "json").out)

    assert gate["total"] == 5


@pytest.mark.parametrize(
    ("demand", "word"),
    [
        ("{id: scoping.users, level: should}", "level: should asks for less than must"),
        ("{id: scoping.users, phase: production}", "phase: production comes later than poc"),
        ("{id: scoping.aged, max_age_days: 90}", "max_age_days: 90 is longer than 30"),
        ("{id: scoping.beats, min: -1}", "min: -1 asks for less than 0"),
    ],
)
def test_loosening_is_refused_with_a_word_about_waivers(project, item, demand, word):
    project.write(
        "checklist/catalog/scoping.yml",
        (project.root / "checklist/catalog/scoping.yml").read_text()
        + "\n"
        + item("scoping.aged", extra="max_age_days: 30"),
    )
    overlay(project, f"tighten:\n  - {demand}\n")
    ran = project.run("validate")

    assert ran.code == 2
    assert word in ran.err
    assert "use `checklist waive`" in ran.err


def test_a_bound_of_a_probe_may_be_tightened(project):
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 0.01}}')
    assert project.states()["scoping.beats"] == "pass"
    overlay(project, "tighten:\n  - {id: scoping.beats, min: 0.05}\n")

    assert project.states()["scoping.beats"] == "fail"


def test_a_bound_that_the_probe_has_not_is_refused(project):
    overlay(project, "tighten:\n  - {id: scoping.users, max: 3}\n")

    assert "has no probe with a max" in project.run("validate").err


def test_an_unknown_item_is_refused(project):
    overlay(project, "tighten:\n  - {id: scoping.user, level: must}\n")

    assert "did you mean 'scoping.users'" in project.run("validate").err
