"""Gates, the declared phase, and promotion."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import json
import re

import pytest

FACTS = ("start", "affects_people=false", "serving=none")


def meet_poc(project):
    """Meet everything that the poc gate of the small catalog asks for."""
    project.fill_objective()
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 0.01}}')
    project.run("tick", "scoping.objective", "-e", "docs/problem.md#objective", "--by", "@ann")
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")


def test_phase_poc_claims_nothing(project):
    ran = project.run("gate")

    assert ran.code == 0
    assert "claims no gate yet" in ran.out


def test_phase_poc_still_refuses_bad_data(project):
    project.write("checklist/ticks/scoping.users.yml", "nonsense: 1\n")

    assert project.run("gate").code == 2


def test_a_gate_lists_what_is_missing_with_the_one_thing_to_do(project):
    ran = project.run("gate", "poc")

    assert ran.code == 1
    assert "PoC gate: 0 of 3 met, 3 open. It does not hold." in ran.out
    assert re.search("scoping.users +Write scoping.users down in docs/problem.md. ", ran.out)


def test_a_gate_holds_when_all_is_met(project):
    meet_poc(project)
    ran = project.run("gate", "poc")

    assert ran.code == 0
    assert "PoC gate: 3 of 3 met. It holds.  (1 proven, 2 signed off)" in ran.out


def test_a_later_gate_counts_earlier_items_and_open_questions(project):
    meet_poc(project)
    ran = project.run("gate", "mvp")

    assert ran.code == 1
    assert "affects_people" in ran.out
    project.run(*FACTS)
    assert project.run("gate", "mvp").code == 0


def test_a_should_counts_until_it_has_a_reason(project):
    meet_poc(project)
    project.run("start", "affects_people=true", "serving=none")
    assert project.run("gate", "mvp").code == 1
    project.run("tick", "scoping.fair", "--na", "decisions are made by lot", "--by", "@ann")

    assert project.run("gate", "mvp").code == 0


def test_a_may_never_counts(project, item):
    project.catalog(item("scoping.idea", level="may"))

    assert project.run("gate", "production").code == 0


@pytest.mark.parametrize(
    ("phase", "code"), [("poc", 0), ("mvp", 1), ("production", 1), ("live", 1)]
)
def test_a_declared_phase_claims_the_gates_before_it(project, phase, code):
    project.write("checklist/project.yml", f"phase: {phase}\n")

    assert project.run("gate").code == code


def test_the_calendar_warns_and_does_not_fail_unless_asked(project, item):
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
    quiet = project.run("gate", "poc", "--today", "2026-03-01")
    strict = project.run("gate", "poc", "--calendar", "--today", "2026-03-01")

    assert quiet.code == 0
    assert "warning  scoping.users: @ann signed off on 2026-01-01" in quiet.out
    assert strict.code == 1


def test_promote_refuses_with_the_list_of_what_is_missing(project):
    ran = project.run("promote", "mvp")

    assert ran.code == 1
    assert "scoping.users" in ran.out
    assert "Write scoping.users down in docs/problem.md" in ran.out
    assert not (project.root / "checklist/project.yml").exists()


def test_promote_writes_the_phase_and_prints_the_update(project):
    meet_poc(project)
    project.run(*FACTS)
    ran = project.run("promote", "mvp")

    assert ran.code == 0
    assert "PoC gate holds: 3 of 3 met." in ran.out
    assert "uvx copier update --data scaffold=mvp && make setup" in ran.out
    assert (project.root / "checklist/project.yml").read_text() == (
        "phase: mvp\nfacts:\n  affects_people: false\n  serving: none\n"
    )
    assert project.run("gate").code == 0


def test_promote_counts_the_calendar(project, item):
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

    assert project.run("promote", "mvp", "--today", "2026-03-01").code == 1
    assert project.run("promote", "mvp", "--today", "2026-01-15").code == 0


def test_a_phase_may_be_taken_back(project):
    project.write("checklist/project.yml", "phase: production\n")

    assert project.run("promote", "poc").code == 0
    assert project.run("gate").code == 0


def test_numbers_add_up(project):
    meet_poc(project)
    project.write("docs/problem.md", "# Problem\n")
    for gate in json.loads(project.run("report", "--format", "json").out)["gates"].values():
        assert gate["met"] + gate["set_aside"] + gate["open"] == gate["total"]
        assert gate["proven"] + gate["signed_off"] == gate["met"]
        assert gate["met_or_waived"] == gate["met"] + gate["set_aside"]
        assert gate["holds"] == (gate["open"] == gate["expired"] and not gate["n_questions"])


def test_start_without_a_terminal_says_how_to_answer(project):
    ran = project.run("start")

    assert ran.code == 2
    assert "give them as FACT=VALUE" in ran.err


@pytest.mark.parametrize(
    ("fact", "word"),
    [
        ("serving=pigeon", "must be one of none, batch, realtime"),
        ("servin=none", "did you mean"),
        ("serving", "write FACT=VALUE"),
    ],
)
def test_start_refuses(project, fact, word):
    ran = project.run("start", fact)

    assert ran.code == 2
    assert word in ran.err


def test_start_keeps_what_it_was_not_asked_about(project):
    project.write(
        "checklist/project.yml",
        "phase: mvp\nmap:\n  docs/problem.md: doc/charter.md\nfacts:\n  serving: batch\n",
    )
    project.run("start", "affects_people=true")

    assert (project.root / "checklist/project.yml").read_text() == (
        'phase: mvp\nmap:\n  "docs/problem.md": doc/charter.md\nfacts:\n  affects_people: true\n  serving: batch\n'
    ).replace('"docs/problem.md"', "docs/problem.md")
