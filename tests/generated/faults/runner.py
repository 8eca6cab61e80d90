"""Plant faults in copies of a generated project and run the tests that should catch them.

`python runner.py JOBS` runs in the project's environment; JOBS is a JSON file with a list of
{"folder", "edits", "data", "tests"}. Prints one JSON line a job: {"outcomes": {test: "passed" or
what it failed with}}. All jobs share this process: importing scikit-learn anew for each would take
longer than the tests.
"""

# Runs in a generated project's environment; ours has no polars.
# mypy: disable-error-code="import-not-found,no-any-return"
from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.generated.faults import tables


class Outcomes:
    """A pytest plugin that keeps what became of each test."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A failure in the fixtures counts as an error, which is no catch."""
        name = report.nodeid.partition("[")[0]
        if report.when == "call" and report.passed:
            self.of.setdefault(name, "passed")
        elif report.failed:
            kind = "failed" if report.when == "call" else "error"
            self.of[name] = f"{kind}: {report.longreprtext}"


def run(job: dict[str, Any]) -> dict[str, str]:
    """The outcome of each test of one job."""
    folder = Path(job["folder"])
    (package,) = (path.parent for path in (folder / "src").glob("*/__init__.py"))
    before = list(sys.path)
    forget(package.name, folder.parent)
    sys.path.insert(0, str(package.parent))
    for file, old, new in job["edits"]:
        edit(package / file, old, new)
    outcomes = Outcomes()
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as said:
        if job["data"]:
            spoil(package.name, getattr(tables, job["data"]))
        code = pytest.main(["-q", "-p", "no:cacheprovider", *job["tests"]], plugins=[outcomes])
    sys.path[:] = before
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"{folder.name}: pytest ended with {code}\n{said.getvalue()}")
    return outcomes.of


def edit(path: Path, old: str, new: str) -> None:
    """Replace what stands exactly once; anything else means that the fault is out of date."""
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise SystemExit(f"{path.name}: {text.count(old)} times {old!r}; mend faults/listed.py")
    path.write_text(text.replace(old, new), encoding="utf-8")


def spoil(package: str, function: Any) -> None:
    """Write the table that conf/ names, spoiled, and make conf/ name that file."""
    conf = Path("conf", "default.yaml")
    text = conf.read_text(encoding="utf-8")
    stated = dict(re.findall(r"(?m)^ *(file|target|task): (\S+)", text))
    file, target, task = (stated[key] for key in ("file", "target", "task"))
    content: Any = Path(file)
    if file == "sample":
        __import__(f"{package}.dataloader.sample")
        content = sys.modules[f"{package}.dataloader.sample"].sample(task, target).content
    rows = pl.read_csv(content, null_values=["NA"], infer_schema_length=None)
    function(rows, target).write_csv("spoiled.csv")
    conf.write_text(re.sub(r"(?m)^( *file:) .*", r"\1 spoiled.csv", text), encoding="utf-8")


def forget(package: str, jobs: Path) -> None:
    """Drop the modules of the job before: this one has other code under the same names."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] == package or (file and Path(file).is_relative_to(jobs)):
            del sys.modules[name]


if __name__ == "__main__":
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for planned in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        print(json.dumps({"name": planned["name"], "outcomes": run(planned)}), flush=True)
