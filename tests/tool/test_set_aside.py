"""What is set aside by hand counts, is capped, and is judged wherever it is read."""

import json

import pytest
from ml_checklist.catalog.load import load
from ml_checklist.state import survey

WHY = "the sales team names its users in January"
BY = ("--by", "@ann", "--today", "2026-11-20")
DATED = 'by: "@ann"\ndate: "2026-11-20"\n'
NA = f"status: not-applicable\nreason: {WHY}\n{DATED}"
ON = ("--today", "2026-11-21")


def catalog(project, item, *more):
    """Five musts and five shoulds that a person signs, and `more`."""
    musts = [item(f"scoping.m{n}") for n in range(5)]
    project.catalog(*musts, *(item(f"scoping.s{n}", level="should") for n in range(5)), *more)


def state_of(project, name):
    data = json.loads(project.run("report", "--format", "json", *ON).out)
    return next(entry for entry in data["items"] if entry["id"] == name)


def decline(project, name, reason=WHY):
    return project.run("decline", name, "--reason", reason, *BY)


def test_a_declined_should_is_settled_and_counted(project, item):
    catalog(project, item)
    ran = decline(project, "scoping.s0")

    assert (ran.code, ran.err) == (0, "")
    assert (project.root / "checklist/declines/scoping.s0.yml").read_text() == (
        f'reason: {WHY}\nby: "@ann"\ndate: "2026-11-20"\nitem_rev: 1\n'
    )
    assert state_of(project, "scoping.s0")["state"] == "declined"
    assert "0 of 10 met, 1 set aside" in project.run("status", *ON).out
    assert "0 of 10 met, 1 set aside, 9 open" in project.run("gate", "poc", *ON).out


def test_a_decline_ends_with_a_new_revision_and_by_reopen(project, item):
    project.catalog(item("scoping.s0", level="should"))
    decline(project, "scoping.s0")
    project.catalog(item("scoping.s0", level="should", rev=2))
    assert state_of(project, "scoping.s0")["state"] == "stale"

    assert project.run("reopen", "scoping.s0").code == 0
    assert state_of(project, "scoping.s0")["state"] == "todo"


@pytest.mark.parametrize(
    ("level", "reason", "word"),
    [
        ("must", WHY, "only a `should` can be declined"),
        ("may", WHY, "only a `should` can be declined"),
        ("should", "no time", "is no sentence: 6 letters, at least 20"),
    ],
)
def test_decline_refuses(project, item, level, reason, word):
    project.catalog(item("scoping.s0", level=level))
    ran = decline(project, "scoping.s0", reason)

    assert ran.code == 2
    assert word in ran.err
    assert not (project.root / "checklist/declines").exists()


@pytest.mark.parametrize(
    "text",
    [
        "we predict pumps, and nobody is affected",
        "Das Modell sagt nur die Last einer Pumpe voraus.",
        "这个项目只预测水泵的负荷",
        "Модель предсказывает нагрузку насоса",
    ],
)
def test_a_sentence_of_any_script_is_a_reason(project, item, text):
    catalog(project, item)

    assert decline(project, "scoping.s0", text).code == 0


@pytest.mark.parametrize("text", ["", "n/a", "bla " * 40, "solo poc " * 9, "1234567890 " * 5])
def test_what_says_nothing_is_no_reason(project, item, text):
    catalog(project, item)

    assert decline(project, "scoping.s0", text).code == 2


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("ticks/scoping.auto", f"{NA}item_rev: 1\napprover: '@bob'\n", "a tool measures this"),
        ("ticks/scoping.m0", f"{NA}item_rev: 1\n", "another person approves"),
        ("ticks/scoping.m0", f"{NA}item_rev: 1\napprover: Ann\n", "another person approves"),
        ("ticks/scoping.s0", f"{NA}item_rev: 999\n", "newer than the catalog's 1"),
        ("ticks/scoping.s0", f"{NA}item_rev: 1\n".replace(WHY, "none"), "is no sentence"),
        ("ticks/data.root", f"{NA}item_rev: 1\napprover: '@bob'\n", "is essential"),
        ("declines/scoping.m0", f"reason: {WHY}\n{DATED}item_rev: 1\n", "only a `should`"),
        (
            "waivers/data.root",
            f"reason: {WHY}\n{DATED}item_rev: 1\napprover: '@bob'\nuntil: '2027-01-31'\n",
            "is essential",
        ),
    ],
)
def test_what_is_inadmissible_is_open_wherever_it_is_read(project, item, name, text, word):
    probe = "probe: {type: json, file: reports/x.json, at: a, min: 0}"
    catalog(project, item, item("scoping.auto", "auto", extra=probe))
    project.write("checklist/catalog/data.yml", ESSENTIAL)
    project.write(f"checklist/{name}.yml", text)
    status, valid = project.run("status", *ON), project.run("validate", *ON)
    gate = project.run("gate", "poc", *ON)

    assert not state_of(project, name.rpartition("/")[2])["set_aside"]
    assert (status.code, valid.code, gate.code) == (0, 2, 1)
    assert all(word in text for text in (status.out, valid.err, gate.out))


ESSENTIAL = """section: data
order: 20
title: Data
about: About data.
items:
  - {id: data.root, rev: 1, title: The root, why: Because., how: Write it.,
     effort: 15, phase: poc, level: must, essential: true, kind: attest, source: ["004:1"],
     lifecycle: {state: active, since: 0.1.0}}
"""


def test_a_tick_from_the_future_does_not_count(project):
    tick = f"status: done\n{DATED}item_rev: 999\nevidence:\n  - url: https://example.org\n"
    project.write("checklist/ticks/scoping.users.yml", tick)

    assert project.states()["scoping.users"] == "todo"
    assert project.run("validate", *ON).code == 2


def waive(project, name, *more):
    args = ("--reason", WHY, "--until", "2027-01-31", *more)
    return project.run("waive", name, *args, *BY)


def test_a_lone_person_waives_with_the_fact_that_says_so(project, item):
    facts = "  - {name: team, type: bool, question: Is it a team?, why: Review then counts.}\n"
    project.write("checklist/catalog/facts.yml", f"facts:\n{facts}")
    catalog(project, item)
    assert "if you work alone, `checklist start team=false`" in waive(project, "scoping.m0").err
    project.run("start", "team=false")

    assert waive(project, "scoping.m0").code == 0
    assert state_of(project, "scoping.m0")["state"] == "waived"


def test_a_gate_is_red_when_more_than_a_fifth_of_its_musts_are_set_aside(project, item):
    catalog(project, item)
    for name in ("m0", "m1"):
        waive(project, f"scoping.{name}", "--approver", "@bob")
    ran = project.run("gate", "poc", *ON)

    assert ran.code == 1
    assert "2 of 5 `must` items are set aside, at most 1 may be" in ran.out


def test_a_gate_is_red_when_more_than_a_third_of_its_work_for_people_is_set_aside(project, item):
    probe = "probe: {type: file, file: docs/problem.md}"
    autos = [item(f"scoping.a{n}", "auto", extra=probe) for n in range(3)]
    catalog(project, item, *autos)
    sign = ("-e", "https://example.org", *BY)
    project.run("tick", *(f"scoping.m{n}" for n in range(5)), "scoping.s4", *sign)
    for n in range(3):
        decline(project, f"scoping.s{n}")
    assert "9 of 13 met, 3 set aside, 1 open" in project.run("gate", "poc", *ON).out
    project.run("tick", "scoping.s3", "--na", WHY, *BY)
    ran = project.run("gate", "poc", *ON)

    assert ran.code == 1
    assert "9 of 13 met, 4 set aside. It does not hold." in ran.out
    assert "4 of 10 items that ask a person are set aside, at most 3 may be" in ran.out
    assert "at most 3 may be" in project.run("status", *ON).out


def test_a_waiver_that_ended_warns_for_a_month_and_is_open_then(project, item):
    catalog(project, item)
    sign = ("-e", "https://example.org", *BY)
    project.run("tick", *(f"scoping.m{n}" for n in range(1, 5)), *sign)
    project.run("tick", *(f"scoping.s{n}" for n in range(5)), *sign)
    waive(project, "scoping.m0", "--approver", "@bob")
    codes = {day: project.run("gate", "poc", "--today", day).code for day in LATE}

    assert codes == dict(zip(LATE, (0, 0, 1), strict=True))


LATE = ("2027-01-31", "2027-03-02", "2027-03-03")


def test_what_a_fact_switches_off_is_known(project):
    items = load(project.root / "checklist/catalog")
    before, now = {"affects_people": True}, {"affects_people": False, "serving": "batch"}

    assert survey.switched_off(items, before, now) == {
        "affects_people": ["scoping.fair"],
        "serving": ["scoping.load"],
    }
