"""How an item is written: short words, steps, minutes, and the component that brings its files."""

import pytest
from ml_checklist import yaml_io
from ml_checklist.catalog import rules
from ml_checklist.catalog.load import load
from ml_checklist.origin import BROUGHT
from ml_checklist.render.style import duration

from tests.conftest import ROOT

SHORT = "short: thing in order"


def problems(project, item, extra: str, **changes: str) -> str:
    text = item("scoping.a", extra=extra)
    for old, new in changes.items():
        line = next(line for line in text.splitlines() if line.strip().startswith(f"{old}:"))
        text = text.replace(line, f"    {old}: {new}")
    project.catalog(text)
    catalog = load(project.root / "checklist/catalog")
    return "\n".join(str(problem) for problem in rules.lint(catalog))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": "A " + "b " * 12}, "title: has 13 words, 12 are the most"),
        ({"how": "[One, Two, Three, Four, Five, Six]"}, "how: is a list of 1 to 5 steps"),
        ({"effort": "low"}, "effort: is a number of minutes, not 'low'"),
    ],
)
def test_lint_holds_the_form_of_an_item(project, item, changes, said):
    right = {"how": "[Write it down.]", "effort": "20"}

    assert "scoping.a: " not in problems(project, item, SHORT, **right)
    assert said in problems(project, item, SHORT, **{**right, **changes})


def test_lint_wants_a_short_name(project, item):
    assert "scoping.a: short: is missing" in problems(project, item, "do: write it down")


@pytest.mark.parametrize("short", ["one", "one two three four five"])
def test_lint_wants_a_short_name_of_two_to_four_words(project, item, short):
    right = {"how": "[Write it down.]", "effort": "20"}

    assert "2 to 4 are wanted" in problems(project, item, f"short: {short}", **right)


def test_lint_names_a_component_that_the_template_does_not_have(project, item):
    project.write("checklist/components.yml", "components:\n  serve: {help: Predicts.}\n")

    assert "did you mean 'serve'" in problems(project, item, "component: [serv]")
    assert "component: " not in problems(project, item, "component: serve")


def test_show_numbers_the_steps_and_says_the_minutes(project, item):
    text = item("scoping.a").replace(
        "how: Write scoping.a down in docs/problem.md.", "how: [Ask, Write]"
    )
    project.catalog(text.replace("effort: low", "effort: 90"))
    out = project.run("show", "scoping.a").out

    assert "1. Ask" in out
    assert "2. Write" in out
    assert "1.5 h" in out


@pytest.mark.parametrize(
    ("answers", "command"),
    [
        ("scaffold: poc\ncomponents: [explain]\n", "components='[explain, serve]'"),
        ("scaffold: mvp\ncomponents: []\n", ""),
        ("scaffold: poc\ncomponents: [serve]\n", ""),
        ("scaffold: checklist\n", ""),
    ],
)
def test_show_prints_the_command_that_adds_a_missing_component(project, item, answers, command):
    project.catalog(item("scoping.a", extra="component: serve"))
    (project.root / ".copier-answers.yml").write_text(answers)
    out = " ".join(project.run("show", "scoping.a").out.split())

    assert ("copier update" in out) == bool(command)
    assert command in out


def test_the_components_that_a_scaffold_brings_are_those_of_the_template():
    table = yaml_io.load(ROOT / "components.yml", "components.yml", strict=False)["components"]
    of = {name: each.get("scaffold") for name, each in table.items()}
    mvp = {name for name, scaffold in of.items() if scaffold == "mvp"}
    production = {name for name, scaffold in of.items() if scaffold in ("mvp", "production")}

    found = {scaffold: set(names) for scaffold, names in BROUGHT.items()}
    assert found == {"mvp": mvp, "production": production}


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "automatic"), (45, "45 min"), (90, "1.5 h"), (480, "8 h")]
)
def test_durations_are_minutes_below_an_hour_and_hours_above(minutes, text):
    assert duration(minutes) == text
