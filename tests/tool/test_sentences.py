"""What people read: sentences without patterns, and one thing to do for each open item."""

# ruff: noqa: E501 - a case in a line is easier to read

import re
from pathlib import Path

import pytest
from ml_checklist import probes
from ml_checklist.catalog.load import load
from ml_checklist.probes.tree import Tree
from ml_checklist.state import gate
from ml_checklist.state.status import Status

REAL = load(Path(__file__).resolve().parents[2] / "checklists").items
PROBED = [(item, probe) for item in REAL.values() for probe in probes.walk(item.probe)]


def test_no_sentence_of_the_catalog_shows_a_pattern(tmp_path):
    tree = Tree(tmp_path)
    for item, probe in PROBED:
        sentence = probes.run(tree, probe, item.id, item.title).sentence
        sentence += probes.demand(probe, item.id, item.title)
        for pattern in (probe.get("matches"), "None", "...", "  ", "{", "1e9", "1000000000"):
            assert pattern is None or pattern not in sentence, f"{item.id}: {sentence}"


def test_each_item_of_the_catalog_has_one_thing_to_do_that_fits_two_lines():
    for item in REAL.values():
        step = item.do
        assert 8 <= len(step) <= 230, f"{item.id}: {step}"
        assert step.count("`") % 2 == step.count('"') % 2 == 0, f"{item.id}: {step}"
        assert step.count("(") == step.count(")"), f"{item.id}: {step}"


def test_an_open_item_shows_its_do_else_its_first_step(project, item):
    project.catalog(item("scoping.long"), item("scoping.short", extra="do: write one line"))
    out = project.run("gate", "poc").out

    assert re.search(r"scoping\.long +Write scoping\.long down in docs/problem\.md\.", out)
    assert re.search(r"scoping\.short +write one line", out)


@pytest.mark.parametrize(
    ("probe", "sentence"),
    [
        ({"type": "heading", "file": "a.md", "heading": "Users"}, 'Section "Users" of a.md must be filled in'),
        ({"type": "json", "file": "a.json", "at": "x.y", "min": 1}, "x.y in a.json must meet min: 1"),
        ({"type": "front-matter", "file": "a.md", "keys": ["a", "b", "c"]}, "The front matter of a.md must fill in a, b and c"),
        ({"type": "difference", "left": {"file": "a", "at": "b"}, "right": {"file": "c", "at": "d"}, "min": 0}, "b in a minus d in c must meet min: 0"),
        ({"type": "yaml", "file": "a.yml", "at": "x", "non_empty": True}, "x in a.yml must meet non_empty: true"),
        ({"type": "config", "at": "x", "matches": "^y$"}, "x in conf/default.yaml must meet matches: the pattern of the item"),
        ({"type": "workflow", "runs": "make test", "trigger": "push"}, "Continuous integration must have a job with runs: make test, trigger: push"),
        ({"type": "proven"}, "A test marked as proof of data.x must have passed on this very code and data"),
        ({"type": "text", "file": "a.md", "matches": "x"}, "The title"),
    ],
)  # fmt: skip
def test_a_probe_without_says_has_the_sentence_of_its_type(probe, sentence):
    assert probes.demand(probe, "data.x", "The title") == sentence
    assert probes.demand({**probe, "says": "Own words"}, "data.x", "The title") == "Own words"


def test_what_a_text_probe_hits_is_not_repeated(tmp_path):
    (tmp_path / "a.yaml").write_text("x: 1\npassword: hunter2hunter2\n")
    probe = {"type": "text", "file": "a.yaml", "matches": "password.*", "absent": True}
    finding = probes.run(Tree(tmp_path), probe, "data.x", "No password is written down")

    assert finding.sentence == "No password is written down: a.yaml line 2 says otherwise"
    assert finding.location == "a.yaml:2"


def test_says_replaces_the_title(tmp_path):
    probe = {"type": "text", "file": "a.md", "matches": "x", "says": "A link to the board"}

    sentence = probes.run(Tree(tmp_path), probe, "data.x", "Title").sentence

    assert sentence == "A link to the board: there is no a.md"


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

    assert re.search(r"unknown +scoping\.tried +Write scoping\.tried down in docs/problem\.md", out)
    assert "reports/sweep.json is not there yet" in out


def test_an_item_that_an_answer_settles_is_a_question(project, item):
    probe = "probe: {type: yaml, file: checklist/project.yml, at: facts.serving, in: [none, batch]}"
    project.catalog(item("scoping.form", "auto", extra=probe))
    asked = project.run("status")
    project.run("start", "serving=batch")

    assert re.search("questions +1 question unanswered; .* applies: `checklist start`", asked.out)
    assert "nothing is open" not in asked.out
    assert "\nred" not in asked.out
    assert "0 of 0 met" in asked.out
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


def test_a_blocked_item_names_what_it_waits_for(project, item):
    status = Status(REAL["scoping.objective"], "todo", "x", blocked_by=("a.b", "a.c"))

    assert gate.todo(status) == "waits for a.b, a.c"


def test_what_to_do_names_the_project_and_its_package(project, item):
    how = "how: Run `uv run <project> prepare`, then read src/<package>/main.py."
    project.catalog(
        item("scoping.users").replace("how: Write scoping.users down in docs/problem.md.", how)
    )
    project.write("pyproject.toml", '[build-system]\n\n[project]\nname = "bike-demand"\n')

    shown = " ".join(project.run("show", "scoping.users").out.split())
    assert "Run `uv run bike-demand prepare`, then read src/bike_demand/main.py." in shown


@pytest.mark.parametrize(
    "text",
    ['[project]\nkeywords = ["bikes"]\nname = "shop"\n', '[tool.poetry]\nname = "shop"\n'],
    ids=["after a list", "poetry"],
)
def test_what_to_do_names_the_project_wherever_pyproject_names_it(project, item, text):
    how = "how: Run `uv run <project> prepare`."
    project.catalog(
        item("scoping.users").replace("how: Write scoping.users down in docs/problem.md.", how)
    )
    project.write("pyproject.toml", text)

    assert "`uv run shop prepare`" in " ".join(project.run("show", "scoping.users").out.split())


def test_phase_poc_says_what_its_gate_would_take(project):
    ran = project.run("gate")

    assert ran.code == 0
    assert ran.out.startswith("PoC gate: 0 of 3 met, 3 open. Phase poc claims no gate yet;")
    assert "next  scoping.objective: fill" in ran.out


def test_of_several_ways_the_one_with_something_to_do_is_shown(tmp_path):
    (tmp_path / "a.md").write_text("## Budget\n\n> fill: how fast\n")
    fact = {"type": "yaml", "file": "project.yml", "at": "serving", "equals": "none"}
    page = {"type": "heading", "file": "a.md", "heading": "Budget"}
    finding = probes.run(Tree(tmp_path), {"any": [fact, page]}, "data.x", "T")

    assert finding.remedy == 'fill "Budget" in a.md'
    assert finding.sentence == (
        'Section "Budget" of a.md must be filled in: line 3 is text of the template'
    )
