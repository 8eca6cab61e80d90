"""Each fault that we plant turns the shipped test red that is meant for it, on every table.

The tables: the sample, and two that the template has never seen (foreign/). A sound project is
green on all of them; without that, red would mean nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generated.faults.listed import ALL, FAULTS, PENGUINS, SAMPLE, WEATHER, Fault
from tests.generated.faults.served import SERVED

HERE = Path(__file__).parent
RUNNER = HERE / "faults" / "runner.py"
TEMPLATE = HERE.parents[1] / "template"
LAYERS = ("{{ core }}", "{{ rows }}", "{{ table }}", "{{ registry }}", "{{ serve }}")
EVERY = (*FAULTS, *SERVED)
PACKAGE = Path("src", "{{ package_name }}")

# What someone with such a file changes in conf/default.yaml.
LINES = {
    SAMPLE: {},
    PENGUINS: {"file": "penguins.csv", "target": "species"},
    WEATHER: {
        "task": "regression",
        "metric": "mae",
        "model": "ridge",
        "class_weight": "null",
        "file": "seattle-weather.csv",
        "target": "temp_max",
        "by": "time",
        "column": "date",
    },
}

Run = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture(scope="module")
def run(installed_project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`run(table, faults)`: for each fault, what became of its test; in one process."""

    def outcomes(table: str, faults: list[Fault], **answers: Any) -> dict[str, dict[str, str]]:
        project = installed_project(**answers)
        folder = tmp_path_factory.mktemp(table)
        jobs = [job(project, folder / fault.name, table, fault) for fault in faults]
        return results(project, folder, jobs)

    return outcomes


@pytest.mark.parametrize("table", ALL)
def test_a_fault_turns_the_test_red_that_is_meant_for_it(run: Run, table: str) -> None:
    """The faults that every project must be safe from, each on one of the tables."""
    faults = [fault for fault in FAULTS if fault.quick == table]
    found = run(table, faults)
    not_caught = list(missed(faults, found))

    assert faults
    assert not not_caught, "\n\n".join(not_caught)


@pytest.mark.slow
@pytest.mark.parametrize("table", ALL)
def test_every_fault_is_caught_on_every_table(run: Run, table: str) -> None:
    """All faults, each on every table to which it applies."""
    faults = [f for f in FAULTS if table in f.tables and f.quick != table]
    found = run(table, faults)
    not_caught = list(missed(faults, found))

    assert len(faults) > 10
    assert not not_caught, "\n\n".join(not_caught)


@pytest.mark.slow
@pytest.mark.parametrize("table", ALL)
def test_every_fault_of_the_service_is_caught(run: Run, table: str) -> None:
    """Each on the tables to which it applies; the tests are green without it."""
    faults = [fault for fault in SERVED if table in fault.tables]
    caught_by = sorted({fault.caught_by for fault in faults})
    found = run(table, [Fault("sound", " ".join(caught_by), ""), *faults], components=["serve"])
    not_caught = list(missed(faults, found))

    assert found["sound"] == dict.fromkeys(caught_by, "passed")
    assert not not_caught, "\n\n".join(not_caught)


@pytest.mark.slow
@pytest.mark.parametrize("table", ALL)
def test_a_sound_project_is_green(run: Run, table: str) -> None:
    """The whole shipped suite, on the sample and on tables that it has never seen."""
    found = run(table, [Fault("sound", "tests", "")])["sound"]

    assert len(found) > 20
    assert {name: said for name, said in found.items() if said != "passed"} == {}


def test_the_tests_that_catch_faults_are_green_without_them(run: Run) -> None:
    """On a foreign table, so that every run of our tests proves both halves."""
    caught_by = sorted({fault.caught_by for fault in FAULTS})
    found = run(PENGUINS, [Fault("sound", " ".join(caught_by), "")])["sound"]

    assert found == dict.fromkeys(caught_by, "passed")


def test_each_fault_has_a_name_of_its_own_and_a_table() -> None:
    """A name is a folder, and a fault that is planted nowhere proves nothing."""
    names = [fault.name for fault in EVERY]

    assert len(set(names)) == len(names)
    assert all(fault.edits or fault.data for fault in EVERY)
    assert all(fault.quick in ("", *fault.tables) for fault in EVERY)


@pytest.mark.parametrize("fault", [fault for fault in EVERY if fault.edits], ids=lambda f: f.name)
def test_a_faults_edits_fit_the_code_of_today(fault: Fault) -> None:
    """Seconds, where planting takes minutes: what has moved is named here first."""
    counts = {
        edit.old: found(PACKAGE / edit.file).read_text("utf-8").count(edit.old)
        for edit in fault.edits
    }

    assert counts == dict.fromkeys(counts, 1)


@pytest.mark.parametrize("caught_by", sorted({fault.caught_by for fault in EVERY}))
def test_the_test_that_must_go_red_is_shipped(caught_by: str) -> None:
    """A renamed test is named here, and not by a run of minutes."""
    file, _, test = caught_by.partition("::")

    assert f"def {test}(" in found(Path(file)).read_text(encoding="utf-8")


def found(path: Path) -> Path:
    """A file of these layers in the template."""
    names = (path, path.with_name(f"{path.name}.jinja"))
    (file,) = [
        TEMPLATE / layer / name
        for layer in LAYERS
        for name in names
        if (TEMPLATE / layer / name).is_file()
    ]
    return file


def missed(faults: list[Fault], found: dict[str, dict[str, str]]) -> Iterator[str]:
    """A sentence per fault that its test did not catch, or caught for another reason."""
    for fault in faults:
        said = found[fault.name].get(fault.caught_by, "not run")
        if not said.startswith("failed") or fault.says not in said:
            yield f"{fault.name}: {fault.caught_by}: {said[-1500:]}"


def job(project: Path, folder: Path, table: str, fault: Fault) -> dict[str, object]:
    """A copy of the project with that table, and what to do to it."""
    for part in ("src", "conf", "tests", "notebooks"):
        shutil.copytree(project / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "compose.yaml"):
        if (project / file).is_file():
            shutil.copy2(project / file, folder)
    conf = folder / "conf" / "default.yaml"
    text = conf.read_text(encoding="utf-8")
    for key, value in LINES[table].items():
        text, n_changed = re.subn(rf"(?m)^( *{key}:) .*$", rf"\1 {value}", text, count=1)
        assert n_changed == 1, f"conf/default.yaml has no line `{key}:`"
    conf.write_text(text, encoding="utf-8")
    if "file" in LINES[table]:
        shutil.copy2(HERE / "foreign" / LINES[table]["file"], folder)
    return {
        "name": fault.name,
        "folder": str(folder),
        "edits": [[edit.file, edit.old, edit.new] for edit in fault.edits],
        "data": fault.data,
        "tests": fault.caught_by.split(),
    }


def results(
    project: Path, folder: Path, jobs: list[dict[str, object]]
) -> dict[str, dict[str, str]]:
    """What runner.py says about the jobs."""
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    python = project / ".venv" / "bin" / "python"
    done = subprocess.run(
        [str(python), str(RUNNER), str(folder / "jobs.json")], text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line["outcomes"] for line in lines}
