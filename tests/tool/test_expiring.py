"""The weekly list: what the calendar took, what it will take, and waivers without use."""

import json

import pytest

WHY = "the sales team names its users in January"
WAIVE = ("--reason", WHY, "--until", "2026-12-10", "--approver", "@boss", "--by", "@ann")


@pytest.fixture
def dated(project, item):
    """A tick that ends on 2026-12-20 and a waiver that ends on 2026-12-10."""
    aging = "max_age_days: 30\nevidence: {accept: [url]}"
    project.catalog(item("scoping.users", extra=aging), item("scoping.kpi"), item("scoping.idea"))
    tick = ("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    assert project.run(*tick, "--today", "2026-11-20").code == 0
    assert project.run("waive", "scoping.kpi", *WAIVE, "--today", "2026-11-20").code == 0
    return project


def words(project, day, days="30"):
    ran = project.run("expiring", "--days", days, "--format", "json", "--today", day)
    assert ran.code == 0
    return [(entry["what"], entry["item"]) for entry in json.loads(ran.out)]


def test_nothing_is_printed_when_there_is_nothing(project):
    ran = project.run("expiring", "--days", "30")

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_what_ends_within_the_days_is_listed_first_to_end_first(dated):
    both = [("soon", "scoping.kpi"), ("soon", "scoping.users")]

    assert words(dated, "2026-11-21") == both
    assert words(dated, "2026-11-21", "20") == both[:1]
    assert words(dated, "2026-11-21", "18") == []


def test_what_is_over_comes_before_what_will_be(dated):
    late = [("over", "scoping.kpi"), ("soon", "scoping.users")]

    assert words(dated, "2026-12-11") == late
    assert words(dated, "2027-02-01") == [("over", "scoping.kpi"), ("over", "scoping.users")]


def test_a_waiver_of_what_is_met_has_no_use(dated):
    dated.run("tick", "scoping.kpi", "-e", "https://example.org/k", "--by", "@ann")
    dated.write("checklist/waivers/scoping.kpi.yml", (
        f'reason: {WHY}\nby: "@ann"\napprover: "@boss"\ndate: "2026-11-20"\nuntil:'
        ' "2026-12-10"\n'
        "item_rev: 1\n"
    ))  # fmt: skip

    assert ("unused", "scoping.kpi") in words(dated, "2026-11-21")


def test_the_list_is_markdown_that_stays_the_same_from_week_to_week(dated):
    first = dated.run("expiring", "--today", "2026-11-23").out
    second = dated.run("expiring", "--today", "2026-11-30").out

    assert first == second
    assert first == (
        "**Ends within 30 days**\n\n"
        "* `scoping.kpi`: 2026-12-10, by `@boss`; do the work, or ask for more time: "
        "`checklist waive scoping.kpi`\n"
        "* `scoping.users`: 2026-12-20, by `@ann`; read it again, then "
        "`checklist tick scoping.users -e URL`\n"
    )


def test_a_senseless_number_of_days_is_one_line(project):
    ran = project.run("expiring", "--days", "-1")

    assert ran.code == 2
    assert ran.err == "--days: -1 must lie between 0 and 3650\n"
