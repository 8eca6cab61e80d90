"""Each state of an item, and who stands for it."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import json
import re

import pytest


def report(project):
    return json.loads(project.run("report", "--format", "json").out)


def entry(project, name):
    return next(item for item in report(project)["items"] if item["id"] == name)


def test_a_fresh_project_earns_nothing_by_its_stubs(project):
    assert project.states() == {
        "scoping.objective": "todo",
        "scoping.beats": "unknown",
        "scoping.users": "todo",
        "scoping.fair": "unknown",
        "scoping.load": "unknown",
        "scoping.idea": "todo",
    }


def test_an_auto_item_passes_by_its_probe_alone(project):
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 0.01}}')

    assert entry(project, "scoping.beats")["state"] == "pass"
    assert entry(project, "scoping.beats")["by"] == "machine"


def test_an_auto_item_fails_when_its_probe_is_red(project):
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": -0.01}}')

    assert entry(project, "scoping.beats")["state"] == "fail"
    assert "must meet min: 0: it is -0.01" in entry(project, "scoping.beats")["sentence"]


def test_a_hybrid_item_with_a_green_probe_waits_for_a_person(project):
    project.fill_objective()

    assert entry(project, "scoping.objective")["state"] == "todo"


def test_a_hybrid_item_needs_probe_and_tick(project):
    project.fill_objective()
    project.run("tick", "scoping.objective", "-e", "docs/problem.md#objective", "--by", "@ann")

    assert entry(project, "scoping.objective")["state"] == "pass"
    assert entry(project, "scoping.objective")["by"] == "@ann"


def test_a_tick_that_its_probe_contradicts_is_red(project):
    project.fill_objective()
    project.run(
        "tick",
        "scoping.objective",
        "-e",
        "docs/problem.md",
        "-e",
        "docs/problem.md#objective",
        "--by",
        "@ann",
    )
    project.run("tick", "scoping.objective", "-e", "https://example.org/objective", "--by", "@ann")
    project.fill_objective("TODO")

    assert entry(project, "scoping.objective")["state"] == "fail"
    assert "though @ann signed off" in entry(project, "scoping.objective")["sentence"]


def test_a_tick_goes_stale_when_its_evidence_changes(project):
    project.write("docs/users.md", "# Users\n\nPeople in sales.\n")
    project.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann")
    assert entry(project, "scoping.users")["state"] == "pass"
    project.write("docs/users.md", "# Users\n\nPeople in support.\n")

    assert entry(project, "scoping.users")["state"] == "stale"


def test_a_tick_on_a_section_survives_a_change_elsewhere_in_the_file(project):
    project.write("docs/a.md", "# A\n\n## Users\n\nSales.\n\n## Other\n\nOne.\n")
    project.run("tick", "scoping.users", "-e", "docs/a.md#users", "--by", "@ann")
    project.write("docs/a.md", "# A\n\n## Users\n\nSales.\n\n## Other\n\nTwo, and more.\n")
    assert entry(project, "scoping.users")["state"] == "pass"
    project.write("docs/a.md", "# A\n\n## Users\n\nSupport.\n\n## Other\n\nOne.\n")

    assert entry(project, "scoping.users")["state"] == "stale"


def test_a_tick_goes_stale_when_the_item_asks_for_more(project, item):
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    project.catalog(item("scoping.users", rev=2))

    assert project.states() == {"scoping.users": "stale"}


def test_a_tick_ages(project, item):
    project.catalog(item("scoping.users", extra="max_age_days: 30"))
    project.run(
        "tick",
        "scoping.users",
        "-e",
        "https://example.org/u",
        "--by",
        "@ann",
        "--today",
        "2026-01-01",
    )
    before = project.run("status", "--all", "--today", "2026-01-31").out
    after = project.run("status", "--all", "--today", "2026-02-01").out

    assert "ok       scoping.users" in before
    assert "stale    scoping.users" in after


def test_windows_line_ends_are_the_same_evidence(project):
    path = project.write("docs/users.md", "# Users\n\nSales.\n")
    project.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann")
    path.write_bytes(b"# Users\r\n\r\nSales.\r\n")

    assert entry(project, "scoping.users")["state"] == "pass"


def test_a_false_condition_makes_an_item_not_applicable(project):
    project.run("start", "affects_people=false", "serving=batch")

    assert project.states()["scoping.fair"] == "not-applicable"
    assert project.states()["scoping.load"] == "not-applicable"


def test_an_unknown_fact_is_a_question_and_no_point_of_the_total(project):
    data = report(project)

    assert [question["fact"] for question in data["questions"]] == ["affects_people", "serving"]
    numbers = [
        (data["gates"][each]["total"], data["gates"][each]["n_questions"]) for each in data["gates"]
    ]
    assert numbers == [(3, 0), (3, 1), (3, 2)]


def test_a_person_may_mark_an_item_not_applicable(project):
    reason = ("--na", "it predicts the load of a pump", "--approver", "@bob")
    project.run("tick", "scoping.users", *reason, "--by", "@ann")

    assert entry(project, "scoping.users")["state"] == "not-applicable"
    poc = report(project)["gates"]["poc"]
    assert (poc["excused"], poc["set_aside"], poc["total"], poc["not_applicable"]) == (1, 1, 3, 0)


def test_an_item_that_waits_for_an_answer_keeps_its_waiver(project):
    signed = "by: '@ann'\napprover: '@boss'\ndate: '2026-11-20'\nuntil: '2027-01-31'\n"
    project.write(
        "checklist/waivers/scoping.fair.yml",
        f"reason: the lawyers answer in January\n{signed}item_rev: 1\n",
    )
    data = json.loads(project.run("report", "--format", "json", "--today", "2026-11-21").out)
    found = next(item for item in data["items"] if item["id"] == "scoping.fair")

    assert found["state"] == "unknown"
    assert found["waiver"]["approver"] == "@boss"


def test_a_waiver_counts_apart_from_met(project):
    project.run(
        "waive",
        "scoping.users",
        "--reason",
        "the sales team names its users in January",
        "--until",
        "2027-01-31",
        "--approver",
        "@boss",
        "--by",
        "@ann",
        "--today",
        "2026-11-20",
    )
    gate = json.loads(project.run("report", "--format", "json", "--today", "2026-11-21").out)[
        "gates"
    ]["poc"]

    assert (gate["met"], gate["waived"], gate["met_or_waived"], gate["open"]) == (0, 1, 1, 2)


def test_an_expired_waiver_is_stale_by_the_calendar(project):
    project.run(
        "waive",
        "scoping.users",
        "--reason",
        "the sales team names its users in January",
        "--until",
        "2026-12-01",
        "--approver",
        "@boss",
        "--by",
        "@ann",
        "--today",
        "2026-11-20",
    )
    data = json.loads(project.run("report", "--format", "json", "--today", "2026-12-02").out)
    user = next(item for item in data["items"] if item["id"] == "scoping.users")

    assert (user["state"], user["calendar"]) == ("stale", True)


def test_an_upcoming_item_is_shown_and_does_not_count(project, item):
    project.catalog(
        item("scoping.users", lifecycle="{state: upcoming, since: 0.2.0, active_in: 1.0.0}")
    )
    data = report(project)

    assert data["items"][0]["state"] == "upcoming"
    assert data["gates"]["production"]["total"] == 0


def test_a_retired_item_is_no_item(project, item):
    tomb = "  - {id: scoping.old, rev: 1, lifecycle: {state: retired, since: 0.2.0}}\n"
    project.catalog(item("scoping.users"), tomb)

    assert project.states() == {"scoping.users": "todo"}


def test_a_broken_probe_is_an_error_and_exit_code_3(project, item):
    project.catalog(
        item(
            "scoping.users",
            "auto",
            extra='probe: {type: text, file: docs/problem.md, matches: "(("}',
        )
    )
    ran = project.run("gate", "poc")

    assert ran.code == 3
    assert "scoping.users: the probe text broke" in ran.err


def test_an_item_waits_for_the_one_that_it_requires(project, item):
    project.catalog(
        item("scoping.report", "auto", extra="probe: {type: file, file: reports/a.json}"),
        item(
            "scoping.beats",
            "auto",
            extra="probe: {type: json, file: reports/a.json, at: x, min: 1}\nrequires: [scoping.report]",
        ),
    )
    lines = project.run("gate", "poc").out

    assert re.search("scoping.beats +waits for scoping.report", lines)
    assert next(i for i in report(project)["items"] if i["id"] == "scoping.beats")[
        "blocked_by"
    ] == ["scoping.report"]


@pytest.mark.parametrize(("today", "state"), [("2027-01-31", "waived"), ("2027-02-01", "stale")])
def test_a_waiver_holds_on_its_last_day_and_not_on_the_next(project, today, state):
    signed = "by: '@ann'\napprover: '@boss'\ndate: '2026-11-20'\nuntil: '2027-01-31'\n"
    project.write(
        "checklist/waivers/scoping.users.yml",
        f"reason: the lawyers answer in January\n{signed}item_rev: 1\n",
    )
    shown = json.loads(
        project.run("show", "scoping.users", "--format", "json", "--today", today).out
    )

    assert shown["state"] == state
