"""Pytest plugin: a passed test marked `@pytest.mark.proves("data.leakage")` proves that item.

At the end of a session with such tests the results go to .checklist/proofs.json, together with the
ids of the code, configuration, tests and data that they are about. A session without them writes
nothing.
"""

import ast
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REPORT = ".checklist/proofs.json"
PROPERTY = "ml_checklist.proves"
# A test has three steps, set up, call and tear down; the worst of them is its outcome.
RANK = {"passed": 0, "not-applicable": 1, "empty": 2, "skipped": 3, "failed": 4}
# How the reason of a skip begins where a test cannot apply, as schema or facts show.
CANNOT_APPLY = "not applicable: "


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; only the main process records, for its workers too."""
    config.addinivalue_line("markers", "proves(item): this test proves an item of the checklist")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config), "ml_checklist_recorder")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what a test proves into its report."""
    report = yield
    proves = sorted({str(mark.args[0]) for mark in item.iter_markers("proves") if mark.args})
    if proves:
        ran = item.stash.get(RAN, True)
        proof = {"items": proves, "outcome": _outcome(item, report), "ran": ran}
        report.user_properties.append((PROPERTY, proof))
    return report


RAN, MADE = pytest.StashKey[bool](), pytest.StashKey[set[str]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Watch a test that proves something, and its fixtures."""
    with watched(item):
        yield


pytest_runtest_setup = pytest_runtest_call


@contextmanager
def watched(item: pytest.Item) -> Iterator[None]:
    """Note in a marked test's stash whether it, or a fixture that it asks for, ran the project."""
    if item.get_closest_marker("proves") is None:
        yield
        return
    from ml_checklist import running

    with running.watch(item.config.rootpath / "src") as watch:
        yield
    made = item.config.stash.setdefault(MADE, set()) & set(getattr(item, "fixturenames", ()))
    item.stash[RAN] = watch.ran or bool(made) or item.stash.get(RAN, False)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Generator[None, Any, Any]:
    """Remember the fixtures that ran the project: those of a session run for one test only."""
    if fixturedef.scope == "function":
        return (yield)  # made for one test, which is watched
    from ml_checklist import running

    with running.watch(request.config.rootpath / "src") as watch:
        result = yield
    if watch.ran:
        request.config.stash.setdefault(MADE, set()).add(fixturedef.argname)
    return result


def _outcome(item: pytest.Item, report: pytest.TestReport) -> str:
    if report.failed:
        return "failed"
    # An expected failure proves nothing, nor does one that passed against expectation.
    if report.skipped or hasattr(report, "wasxfail"):
        why = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        applies = CANNOT_APPLY not in why or hasattr(report, "wasxfail")
        return "skipped" if applies else "not-applicable"
    if report.when == "call":
        return "passed" if asserts(getattr(item, "function", None)) else "empty"
    return "passed"


class Recorder:
    """Collects the outcomes of one session and writes them at its end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.results: dict[tuple[str, str], str] = {}
        self.ran: dict[str, bool] = {}
        self.outcomes: dict[str, str] = {}
        self.before: dict[str, Any] | None = None

    def pytest_sessionstart(self) -> None:
        """Remember the tree: what changes while the tests run, they have not seen."""
        if (self.config.rootpath / "checklist").is_dir():
            from ml_checklist.proofs import identity

            self.before = identity(self.config.rootpath)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if RANK[report.outcome] >= RANK[self.outcomes.get(report.nodeid, "passed")]:
            self.outcomes[report.nodeid] = report.outcome
        # The properties of earlier steps come along with later ones: the last is this step's.
        mine: list[Any] = [value for name, value in report.user_properties if name == PROPERTY]
        if mine:
            self.ran[report.nodeid] = self.ran.get(report.nodeid, False) or mine[-1]["ran"]
        for item in mine[-1]["items"] if mine else ():
            key, outcome = (item, report.nodeid), mine[-1]["outcome"]
            if RANK[outcome] >= RANK[self.results.get(key, "passed")]:
                self.results[key] = outcome

    def pytest_sessionfinish(self) -> None:
        """Write the report, if any test proved something or failed to."""
        if self.before is None and not self.results:
            return
        from ml_checklist import proofs

        root = self.config.rootpath
        now = proofs.identity(root)
        if self.before is not None and not proofs.same_tree(self.before, now):
            reporter = self.config.pluginmanager.get_plugin("terminalreporter")
            if reporter:
                changed = "code, tests, conf or data changed while the tests ran"
                reporter.write_line(f"checklist: {changed}: nothing is proven, run them again")
            return
        names = aliases(root)
        results = {(names.get(item, item), test): how for (item, test), how in self.results.items()}
        proofs.keep(root / REPORT, now, results, self.ran, self.outcomes)


def aliases(root: Path) -> dict[str, str]:
    """Former ids -> present ones: a test of a team may carry the mark of before an update."""
    from ml_checklist.catalog import cache
    from ml_checklist.errors import DataError

    folder = root / "checklist/catalog"
    try:
        return cache.load(folder, "checklist/catalog").aliases if folder.is_dir() else {}
    except DataError:
        return {}  # `checklist validate` reports what is wrong with it


_CHECKERS = ("assert", "check")
_PYTEST = ("raises", "warns", "fail")


def asserts(function: Any) -> bool:
    """Whether a test function holds an assertion: `assert`, `pytest.raises`, or a helper named so.

    What has no source that can be read is believed.
    """
    import inspect
    import textwrap

    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return True
    return any(_checks(node) for node in ast.walk(module))


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        # `assert True` and `assert "text"` cannot fail.
        return not isinstance(node.test, ast.Constant)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name.lstrip("_").startswith(_CHECKERS) or name in _PYTEST
