"""Items that became one: their old ticks go on to hold together, and not one by one."""

import pytest

LIFE = "{state: active, since: 0.1.0, changed: 0.2.0}"
TOMBSTONE = """\
  - id: scoping.users
    rev: 1
    lifecycle: {state: retired, since: 0.2.0, replaced_by: scoping.objective}
"""
PAGE = "# Problem\n\n## Objective\n\nWe call ten of them.\n\n## Users\n\nFour agents.\n"


@pytest.fixture
def ticked(project, item):
    """A project that signed off both items before they became one."""
    project.catalog(item("scoping.objective"), item("scoping.users"))
    project.write("docs/problem.md", PAGE)
    project.commit()
    for name in ("objective", "users"):
        where = f"docs/problem.md#{name}"
        assert project.run("tick", f"scoping.{name}", "-e", where, "--by", "@ann").code == 0
    merged = "merged: {rev: 2, ids: [scoping.users]}"
    project.catalog(item("scoping.objective", rev=2, lifecycle=LIFE, extra=merged), TOMBSTONE)
    return project


def test_the_ticks_of_all_parts_stand_for_the_item_they_became(ticked):
    ran = ticked.run("validate")

    assert ticked.states()["scoping.objective"] == "pass"
    assert "you may delete this file" not in ran.out + ran.err


def test_one_missing_part_makes_the_item_stale(ticked):
    (ticked.root / "checklist/ticks/scoping.users.yml").unlink()

    assert ticked.states()["scoping.objective"] == "stale"


def test_a_changed_section_of_a_part_makes_the_item_stale(ticked):
    ticked.write("docs/problem.md", PAGE.replace("Four agents", "Everybody"))

    assert ticked.states()["scoping.objective"] == "stale"


def test_a_part_that_was_not_applicable_signs_nothing_off(ticked):
    path = ticked.root / "checklist/ticks/scoping.users.yml"
    head = path.read_text().partition("evidence:")[0]
    reason = "reason: Nobody reads a single prediction in this project.\n"
    path.write_text(head.replace("status: done", "status: not-applicable") + reason)

    assert ticked.states()["scoping.objective"] == "stale"


def test_a_new_tick_of_the_item_needs_no_parts(ticked):
    (ticked.root / "checklist/ticks/scoping.users.yml").unlink()
    cited = ("-e", "docs/problem.md#objective", "-e", "docs/problem.md#users")
    ticked.run("tick", "scoping.objective", *cited, "--by", "@ann")

    assert ticked.states()["scoping.objective"] == "pass"


def test_a_merged_id_without_a_tombstone_is_refused(project, item):
    merged = "merged: {rev: 2, ids: [scoping.users]}"
    project.catalog(item("scoping.objective", rev=2, lifecycle=LIFE, extra=merged))
    ran = project.run("validate")

    assert ran.code == 2
    assert "'scoping.users' has no tombstone" in ran.err
