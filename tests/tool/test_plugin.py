"""Tests prove items: the report that the pytest plugin leaves."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HOOKS = Path(__file__).resolve().parents[2] / "hooks"
TESTS = """
import pytest

@pytest.mark.proves("data.passed")
@pytest.mark.parametrize("x", [1, 2])
def test_passed(x):
    assert x

@pytest.mark.proves("data.raises")
def test_raises():
    with pytest.raises(ValueError):
        int("x")

def check_all(x):
    assert x

@pytest.mark.proves("data.helper")
def test_helper():
    check_all(1)

@pytest.mark.proves("data.skipped")
def test_skipped():
    pytest.skip("no data")

@pytest.mark.proves("data.xfailed")
@pytest.mark.xfail
def test_xfailed():
    assert False

@pytest.mark.proves("data.xpassed")
@pytest.mark.xfail
def test_xpassed():
    assert True

@pytest.mark.proves("data.empty")
def test_empty():
    print("nothing")

@pytest.mark.proves("data.constant")
def test_constant():
    assert True

@pytest.mark.proves("data.failed")
def test_failed():
    assert False

@pytest.fixture
def broken():
    yield 1
    raise RuntimeError("teardown")

@pytest.mark.proves("data.teardown")
def test_teardown(broken):
    assert broken

@pytest.mark.proves("data.one")
@pytest.mark.proves("data.two")
def test_two_items():
    assert 1 + 1 == 2
"""
OUTCOMES = {
    "data.passed": ["passed", "passed"],
    "data.raises": ["passed"],
    "data.helper": ["passed"],
    "data.skipped": ["skipped"],
    "data.xfailed": ["skipped"],
    "data.xpassed": ["skipped"],
    "data.empty": ["empty"],
    "data.constant": ["empty"],
    "data.failed": ["failed"],
    "data.teardown": ["failed"],
    "data.one": ["passed"],
    "data.two": ["passed"],
}


class Session:
    """A folder with tests, and pytest run in it with our plugin."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "checklist").mkdir()
        (root / "tests").mkdir()
        (root / "src").mkdir()
        (root / "pytest.ini").write_text(
            "[pytest]\naddopts = --strict-markers -p no:cacheprovider\n"
        )
        self.write(TESTS)

    def write(self, text: str) -> None:
        """Replace the tests."""
        (self.root / "tests/test_it.py").write_text(text)

    def run(self, *args: str) -> str:
        """Run pytest and return what it printed."""
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "ml_checklist.pytest_plugin",
            *(("-p", "xdist") if "-n" in args else ()),
            "-W",
            "error",
            *args,
        ]
        env = {**os.environ, "PYTHONPATH": str(HOOKS), "PYTHONDONTWRITEBYTECODE": "1"}
        # Ours is loaded by name: where it is installed too, it must not be loaded twice.
        env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        return subprocess.run(
            command, cwd=self.root, env=env, capture_output=True, text=True, check=False
        ).stdout

    def report(self) -> dict[str, Any]:
        """The report, empty where there is none."""
        path = self.root / ".checklist/proofs.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def outcomes(self) -> dict[str, list[str]]:
        """Item -> outcomes of its tests."""
        found: dict[str, list[str]] = {}
        for result in self.report().get("results", []):
            found.setdefault(result["item"], []).append(result["outcome"])
        return found


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


@pytest.mark.parametrize("args", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_only_a_test_that_checks_and_passes_proves(session, args):
    session.run(*args)

    assert session.outcomes() == OUTCOMES


def test_a_deselected_test_proves_nothing(session):
    session.run("-k", "test_raises")

    assert session.outcomes() == {"data.raises": ["passed"]}


def test_a_session_without_marks_says_which_tests_passed(session):
    session.write("def test_x():\n    assert 1 + 1 == 2\n")
    session.run()

    assert session.report()["tests"] == {"tests/test_it.py::test_x": "passed"}


OWN = """
import pytest, sys
sys.path.insert(0, "src")
import shop

@pytest.fixture(scope="session")
def made():
    return shop.add(1, 2)

@pytest.mark.proves("data.calls")
def test_calls():
    assert shop.add(1, 2) == 3

@pytest.mark.proves("data.fixture")
def test_asks_for_what_was_made(made):
    assert made == 3

@pytest.mark.proves("data.nothing")
def test_calls_nothing():
    assert shop.__name__

@pytest.mark.proves("data.idle")
def test_idle():
    pytest.skip("not applicable: no column holds a group")
"""


def test_a_test_that_calls_no_code_of_the_project_is_known(session):
    (session.root / "src/shop.py").write_text("def add(a, b):\n    return a + b\n")
    session.write(OWN)
    session.run()
    session.run("-k", "asks_for")
    found = {each["item"]: each["ran"] for each in session.report()["results"]}

    assert found == {
        "data.calls": True,
        "data.fixture": True,
        "data.nothing": False,
        "data.idle": False,
    }
    assert session.outcomes()["data.idle"] == ["not-applicable"]


def test_runs_of_parts_add_up_on_one_tree(session):
    session.run("-k", "test_raises")
    session.run("-k", "test_helper")

    assert session.outcomes() == {"data.helper": ["passed"], "data.raises": ["passed"]}


def test_a_later_run_on_another_tree_forgets_the_earlier(session):
    session.run("-k", "test_raises")
    (session.root / "src/a.py").write_text("x = 1\n")
    session.run("-k", "test_helper")

    assert session.outcomes() == {"data.helper": ["passed"]}


def test_a_later_failure_replaces_an_earlier_pass(session, monkeypatch):
    session.write(
        "import os, pytest\n\n@pytest.mark.proves('data.x')\ndef test_x():\n    assert "
        "'BROKEN' not in os.environ\n"
    )
    session.run()
    assert session.outcomes() == {"data.x": ["passed"]}
    monkeypatch.setenv("BROKEN", "1")
    session.run()

    assert session.outcomes() == {"data.x": ["failed"]}


def test_tests_that_change_the_code_they_prove_prove_nothing(session):
    session.write(
        "import pathlib, pytest\n\n@pytest.mark.proves('data.x')\ndef test_x():\n"
        "    pathlib.Path('src/a.py').write_text('x = 2')\n    assert 1 + 1 == 2\n"
    )
    out = session.run()

    assert "changed while the tests ran" in out
    assert session.report() == {}


def test_the_plugin_imports_nothing_of_the_tool_until_it_is_needed():
    code = "import sys, ml_checklist.pytest_plugin; print([m for m in sys.modules if m.startswith(('ml_checklist.', 'yaml'))])"
    env = {**os.environ, "PYTHONPATH": str(HOOKS)}
    out = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    ).stdout

    assert out.strip() == "['ml_checklist.pytest_plugin']"


def test_the_mark_of_a_former_id_proves_the_item_of_today(tmp_path, item):
    session = Session(tmp_path)
    catalog = tmp_path / "checklist/catalog"
    catalog.mkdir()
    head = "section: data\norder: 10\ntitle: Data\nabout: About data.\nitems:\n"
    catalog.joinpath("data.yml").write_text(
        head + item("data.whole", "auto", extra="was: [data.passed]\nprobe: {type: proven}")
    )

    session.run("-k", "test_passed or test_two_items")

    assert session.outcomes() == {
        "data.whole": ["passed", "passed"],
        "data.one": ["passed"],
        "data.two": ["passed"],
    }
