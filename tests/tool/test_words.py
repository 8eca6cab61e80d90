"""What people read: sentences without patterns, and one thing to do for each open item."""

# ruff: noqa: E501 - a case in a line is easier to read

import re
from pathlib import Path

import pytest
from ml_checklist import advice, catalog, lint, probes, words
from ml_checklist.state import Status
from ml_checklist.tree import Tree

REAL = catalog.load(Path(__file__).resolve().parents[2] / "checklists").items
PROBED = [(item, probe) for item in REAL.values() for probe in lint.probes(item.probe)]


def test_no_sentence_of_the_catalog_shows_a_pattern(tmp_path):
    tree = Tree(tmp_path)
    for item, probe in PROBED:
        said = probes.run(tree, probe, item.id, item.title).sentence
        if probe["type"] != "text":
            said += probes.demand(probe["type"], probe)
        for pattern in (probe.get("matches"), "None", "...", "  ", "{", "1e9", "1000000000"):
            assert pattern is None or pattern not in said, f"{item.id}: {said}"


def test_each_item_of_the_catalog_has_one_thing_to_do_that_fits_two_lines():
    for item in REAL.values():
        step = advice.first_step(item.data["how"])
        assert 8 <= len(step) <= 230, f"{item.id}: {step}"
        assert step.count("`") % 2 == step.count('"') % 2 == 0, f"{item.id}: {step}"
        assert step.count("(") == step.count(")"), f"{item.id}: {step}"


@pytest.mark.parametrize(
    ("how", "step"),
    [
        ('Fill "Users" in docs/a.md: who, when. Then tick.', 'fill "Users" in docs/a.md'),
        ("Set `a: b` in conf/x.yaml (see e.g. y); run it.", "set `a: b` in conf/x.yaml (see e.g. y)"),
        ("GitHub asks for it.", "GitHub asks for it"),
        ("CI does it", "CI does it"),
        (f"Write {'a long page ' * 6}first, then ask {'someone ' * 9}.", f"write {'a long page ' * 6}first"),
    ],
)  # fmt: skip
def test_the_first_step_of_a_how(how, step):
    assert advice.first_step(how) == step


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"min": 0.8}, "be at least 0.8"),
        ({"max": 3}, "be at most 3"),
        ({"min": 1, "max": 2}, "lie between 1 and 2"),
        ({"min": -1e9}, "be a number"),
        ({"equals": True}, "be true"),
        ({"in": ["a", "b"]}, "be one of a, b"),
        ({"length_min": 2}, "have 2 or more entries"),
        ({"matches": "^x$"}, "be as the item asks"),
        ({"non_empty": True}, "be filled in"),
        ({"non_empty": False}, "be empty"),
        ({"exists": False}, "not be set"),
        ({"exists": True}, "be set"),
    ],
)
def test_a_bound_is_said_in_words(arguments, said):
    assert words.bound(arguments) == said


def test_a_workflow_is_said_in_words():
    said = probes.demand("workflow", {"runs": "checklist diff", "trigger": "pull_request"})

    assert said == "Continuous integration must run `checklist diff` on each pull request"


def test_what_a_text_probe_hits_is_not_repeated(tmp_path):
    (tmp_path / "a.yaml").write_text("x: 1\npassword: hunter2hunter2\n")
    probe = {"type": "text", "file": "a.yaml", "matches": "password.*", "absent": True}
    finding = probes.run(Tree(tmp_path), probe, "data.x", "No password is written down")

    assert finding.sentence == "No password is written down: a.yaml line 2 says otherwise"
    assert finding.location == "a.yaml:2"


def test_a_reason_is_said_instead_of_the_title(tmp_path):
    probe = {"type": "text", "file": "a.md", "matches": "x", "reason": "A link to the board"}

    said = probes.run(Tree(tmp_path), probe, "data.x", "Title").sentence
    assert said == "A link to the board: there is no a.md"


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        ("reports/run.json", "run `make train evaluate`"),
        ("reports/evaluation.json", "run `make train evaluate`"),
        ("data/manifest.json", "run `make train`"),
        ("reports/sweep.json", ""),
    ],
)
def test_only_what_a_shipped_command_writes_has_a_remedy(file, remedy, tmp_path):
    finding = probes.run(Tree(tmp_path), {"type": "json", "file": file, "at": "a", "exists": True})

    assert (finding.outcome, finding.remedy) == ("unknown", remedy)


def test_a_missing_report_points_to_how(project, item):
    probe = "probe: {type: json, file: reports/sweep.json, at: runs, min: 1}"
    project.catalog(item("scoping.tried", "auto", extra=probe))
    out = project.run("gate", "poc").out

    assert re.search(r"unknown +scoping\.tried +write scoping\.tried down in docs/problem\.md", out)
    assert "reports/sweep.json is not there yet" in out


def test_an_item_that_an_answer_settles_is_a_question(project, item):
    probe = "probe: {type: yaml, file: checklist/project.yml, at: facts.serving, in: [none, batch]}"
    project.catalog(item("scoping.form", "auto", extra=probe))
    asked = project.run("status")
    project.run("start", "serving=batch")

    assert re.search(
        r"questions +1 question decides what else applies: `checklist start`", asked.out
    )
    assert "red" not in asked.out
    assert "0 of 1 met" in asked.out
    assert project.states() == {"scoping.form": "pass"}


def test_a_project_that_has_not_been_started_is_open_not_red(project, item):
    probe = "probe: {type: yaml, file: checklist/project.yml, at: phase, exists: true}"
    project.catalog(item("scoping.started", "auto", extra=probe))

    assert project.states() == {"scoping.started": "todo"}


def test_a_status_cuts_nothing_off(project, item, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    title = "A very long title that does not fit into one line of a terminal of eighty columns"
    text = item("scoping.long", "auto", extra="probe: {type: text, file: a.md, matches: '^x'}")
    project.catalog(text.replace("The thing called scoping.long is in order", title))
    for args in (("status",), ("status", "--all"), ("gate", "poc")):
        out = project.run(*args).out
        assert "..." not in out
        assert max(map(len, out.splitlines())) <= 84
    assert title in " ".join(project.run("status", "--all").out.split())


def test_advice_for_what_waits_is_what_it_waits_for(project, item):
    status = Status(REAL["scoping.objective"], "todo", "x", blocked_by=("a.b", "a.c"))

    assert advice.todo(status) == "waits for a.b, a.c"


def test_of_several_ways_the_one_with_something_to_do_is_shown(tmp_path):
    (tmp_path / "a.md").write_text("## Budget\n\n> fill: how fast\n")
    fact = {"type": "yaml", "file": "project.yml", "at": "serving", "equals": "none"}
    page = {"type": "heading", "file": "a.md", "heading": "Budget"}
    finding = probes.run(Tree(tmp_path), {"any": [fact, page]}, "data.x", "T")

    assert finding.remedy == 'fill "Budget" in a.md'
    assert finding.sentence == (
        'a.md must have its section "Budget" filled in: line 3 still says what to write there'
    )
