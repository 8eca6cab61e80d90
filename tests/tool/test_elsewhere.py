"""In a repository of another layout nothing is red because ours is absent; others' ways count."""

import json
import shutil

import pytest

from tests.conftest import ROOT

CI = "probe: {type: workflow, runs: make test, trigger: push}"
PYPROJECT = """[project]
name = "tides"
version = "1.0.0"
license = {file = "LICENSE.txt"}
dependencies = ["scikit-learn>=1.8"]
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "LICENSE.txt": "Copyright 2026, all rights reserved.\n",
    "README.rst": "Tides\n=====\n",
    "tides/model.py": "def predict(x):\n    return 2 * x\n",
    "tests/test_model.py": "from tides.model import predict\n",
    "doc/problem.md": "# Problem\n\n## Target\n\nThe level of the sea in six hours, in metres.\n",
    ".gitignore": ".env\n.venv/\n__pycache__/\n",
}


@pytest.fixture
def foreign(project):
    """A repository that was not made from the template, with its whole catalog."""
    shutil.rmtree(project.root / "checklist")
    shutil.rmtree(project.root / "docs")
    shutil.copytree(ROOT / "checklists", project.root / "checklist/catalog")
    for name, text in FILES.items():
        project.write(name, text)
    project.commit("their own")
    return project


def items(project):
    report = json.loads(project.run("report", "--format", "json").out)
    return {each["id"]: each for each in report["items"] if each["phase"] != "production"}


def test_nothing_is_red_because_our_layout_is_absent(foreign):
    red = {
        name: each["sentence"] for name, each in items(foreign).items() if each["state"] == "fail"
    }

    # There are tests, and none is of that kind.
    assert set(red) <= {"programming.property-based"}, red


def test_an_item_says_how_to_point_at_the_place_that_has_it(foreign):
    before = items(foreign)["environment.one-config"]
    foreign.write("settings/all.yaml", "seed: 0\nmodels: {ridge: {alpha: 1.0}}\n")
    mapped = "map:\n  conf/default.yaml: settings/all.yaml\n"
    foreign.write("checklist/project.yml", f"phase: poc\n{mapped}")

    assert "`conf/default.yaml: PATH`" in before["sentence"]
    assert "conf/default.yaml" not in items(foreign)["environment.one-config"]["sentence"]


def test_documents_are_found_in_doc_and_a_licence_by_any_ending(foreign):
    found = items(foreign)

    assert found["version-control.licence"]["state"] == "pass"
    assert "there is no such file" not in found["scoping.objective"]["sentence"]


WORKFLOWS = {
    ".circleci/config.yml": "jobs:\n  build:\n    steps:\n      - run: tox -e py311\n",
    "azure-pipelines.yml": "steps:\n- script: python -m pytest -q\n",
    ".travis.yml": "script:\n  - nox\n",
    "Jenkinsfile": "pipeline {\n  stage('t') {\n    sh 'pytest'\n  }\n}\n",
    ".github/workflows/t.yml": "on: [push]\njobs:\n  t:\n    steps:\n      - run: hatch test\n",
}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_tests_count_whoever_runs_them(project, item, name):
    project.catalog(item("scoping.ci", "auto", extra=CI))
    assert project.states() == {"scoping.ci": "todo"}
    project.write(name, WORKFLOWS[name])

    assert project.states() == {"scoping.ci": "pass"}


def test_a_service_that_runs_no_tests_is_red(project, item):
    project.catalog(item("scoping.ci", "auto", extra=CI))
    project.write(".travis.yml", "script:\n  - echo pytest\n")

    assert project.states() == {"scoping.ci": "fail"}
