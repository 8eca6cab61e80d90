"""Planted costs are found, equal versions are not reported, and manifests follow the schemas."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from tests.components.projects import do, promoted
from tests.conftest import Render, run

DAY_S = 86_400
START = 1_700_000_000
QUICK = ("rounds=12", "trainings=2")
N_EQUAL = 20


@pytest.fixture(scope="module")
def registered(installed_project, tmp_path_factory) -> Path:
    """A project in git with a champion."""
    installed = installed_project(components=["operate"])
    project = promoted(installed, tmp_path_factory.mktemp("operate") / "project")
    do(project, "export")
    return project


@pytest.fixture
def project(registered, tmp_path) -> Path:
    """A copy, to change."""
    return Path(shutil.copytree(registered, tmp_path / "project", symlinks=True))


def features(project: Path) -> Path:
    return project / "src/my_model/model/features.py"


def plant(project: Path, line: str) -> None:
    """Add a line at the end of add_features; `import time` is at hand."""
    text = features(project).read_text().replace("import polars", "import time\n\nimport polars")
    features(project).write_text(text.replace("    return table\n", f"{line}\n    return table\n"))


def report(project: Path, name: str) -> Any:
    return json.loads((project / "reports" / f"{name}.json").read_text())


@pytest.mark.slow
def test_five_milliseconds_more_are_found_beside_the_committed_code(project):
    plant(project, "    time.sleep(0.005)")
    prices = ("price.cpu_hour=36", "price.per_month=7", "price.watts=20")
    with pytest.raises(AssertionError, match=r"exit 1[^$]*change.p50 is 1.25, measured \d"):
        do(project, "bench", "--code", "HEAD", *QUICK, *prices)
    found = report(project, "bench")

    assert "p50" in found["broken"]
    p50 = found["intervals"]["p50"]
    assert 4 < p50["candidate"] - p50["accepted"] < 30
    assert p50["low"] > 1
    assert not list((project / "build").iterdir())
    check_price(report(project, "cost"), found["intervals"])


def check_price(found: Any, measured: Any) -> None:
    """Seconds times price; milliseconds of the CPU for a request are seconds for 1,000."""
    seconds = {"training": measured["train"]["candidate"], "per_1000": measured["cpu"]["candidate"]}

    assert found["cpu_seconds"] == seconds
    assert 0.05 < seconds["per_1000"] < 60
    assert found["training"] == pytest.approx(seconds["training"] / 100)
    assert found["per_1000_predictions"] == pytest.approx(seconds["per_1000"] / 100 + 0.07)
    assert found["energy_wh"]["method"].startswith("estimate")
    assert found["energy_wh"]["training"] == pytest.approx(seconds["training"] * 30 / 3600)


@pytest.mark.slow
def test_a_killed_bench_leaves_no_service(project):
    python = str(project / ".venv/bin/python")
    command = [python, "-m", "my_model", "bench", "--code", "HEAD"]
    started = subprocess.Popen(command, cwd=project, env={**os.environ, "PYTHONPATH": "src"})
    wait_for(lambda: len(services(project)) == 2)
    started.kill()
    started.wait()

    wait_for(lambda: services(project) == [])


def services(project: Path) -> list[str]:
    """The commands of the services that run on copies of this project."""
    build = project / "build"
    found = [path for path in Path("/proc").glob("[0-9]*/cwd") if is_below(path, build)]
    return [(path.parent / "cmdline").read_text() for path in found]


def is_below(link: Path, folder: Path) -> bool:
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:  # of another user, or ended
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
def test_equal_code_is_never_reported(project):
    for _ in range(N_EQUAL):
        do(project, "bench", "--code", "HEAD", *QUICK)

    assert report(project, "bench")["broken"] == []


def test_a_champion_from_outside_git_needs_the_name_of_its_code(project):
    path = project / "models/1/run.json"
    record = json.loads(path.read_text())
    path.unlink()  # read-only
    path.write_text(json.dumps(record | {"git": {"commit": None, "dirty": None}}))
    with pytest.raises(AssertionError, match=r"exit 2[^$]*name another: --code COMMIT"):
        do(project, "bench")


def test_a_slow_feature_breaks_the_latency_budget(project):
    do(project, "feature-cost")
    usual = report(project, "feature-cost")
    plant(project, "    time.sleep(0.02)")
    with pytest.raises(AssertionError, match=r"exit 1[^$]*operations.yaml allows 15 ms"):
        do(project, "feature-cost")
    found = report(project, "feature-cost")
    steps = {one["name"]: one["ms"] for one in found["steps"]}

    assert usual["total_ms"] < usual["budget_ms"] < 20 < found["total_ms"]
    assert steps["add_features"] > 20 > sum(steps.values()) - steps["add_features"]


@pytest.mark.slow
def test_the_profile_names_the_function_that_takes_the_time(project):
    spy = ("uv", "run", "--no-sync", "--with", "py-spy==0.4.3", "py-spy", "--version")
    if run(*spy, cwd=project, check=False).returncode:
        pytest.skip("py-spy cannot be had: no package index?")
    plant(project, "    _wait()")
    text = features(project).read_text()
    features(project).write_text(f"{text}\n\ndef _wait() -> None:\n    sum(range(200_000))\n")
    command = ["make", "profile-service", "ARGS=--format raw --duration 40"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    conf, url = project / "conf/service.yaml", f"http://127.0.0.1:{port}"
    conf.write_text(conf.read_text().replace("port: 8000", f"port: {port}"))
    environment = {**os.environ, "PYTHONPATH": "src"}  # its own source
    with subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL):
        wait_for(lambda: is_open(f"{url}/ready"))
        load = (".venv/bin/python", "-m", "my_model", "load-test", f"--url={url}", "--seconds=2")
        run(*load, cwd=project, check=False, PYTHONPATH="src")  # slower than promised, perhaps

    found = (project / "reports/profile-service.svg").read_text()
    assert re.search(r"_wait \(.*features.py:\d+\)", found)


def is_open(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def git(project: Path, day: float, *words: str) -> None:
    """A git command at this day."""
    moment = f"{START + int(day * DAY_S)} +0000"
    dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
    subprocess.run(["git", *words], cwd=project, check=True, env={**os.environ, **dates})


def change(project: Path, day: float, file: Path) -> None:
    file.write_text(file.read_text() + f"\n# {day}\n")
    git(project, day, "commit", "-qnam", f"Day {day}")


def test_lead_time_is_what_a_history_of_known_dates_has(project):
    other = project / "src/my_model/model/store.py"
    shutil.rmtree(project / ".git")
    git(project, 0, "init", "-q", "-b", "main")
    git(project, 0, "add", "-A")
    git(project, 0, "commit", "-qnm", "Start")
    git(project, 1, "tag", "-am", "one", "v1.0.0")
    git(project, 2, "switch", "-qc", "feature")
    change(project, 2, features(project))
    change(project, 4, features(project))
    git(project, 5, "switch", "-q", "main")
    git(project, 6, "merge", "-q", "--no-ff", "--no-edit", "feature")
    change(project, 8, other)
    git(project, 12, "tag", "-am", "two", "v1.1.0")
    change(project, 13, other)
    git(project, 14, "tag", "-am", "three", "v1.1.1")
    change(project, 20, other)
    do(project, "lead-time")
    found = report(project, "lead-time")

    # Days from the first commit to the tag: 1 (start), 10 (merge), 4 and 1.
    assert found["n_releases"] == 3
    assert found["n_changes"] == 4
    assert found["lead_time_days"]["median"] == 2.5
    assert found["features"] == {"n": 2, "lead_time_days": {"median": 5.5}}
    assert found["failed"] == {"share": 1 / 3, "releases": ["v1.1.0"]}


def test_without_a_release_there_is_no_lead_time(project):
    with pytest.raises(AssertionError, match=r"exit 2[^$]*make a release first"):
        do(project, "lead-time")


def manifests(project: Path) -> list[dict[str, Any]]:
    files = sorted((project / "deploy/kubernetes").glob("*.yaml"))
    return [one for path in files for one in yaml.safe_load_all(path.read_text()) if one]


@pytest.mark.parametrize("answers", [{"components": ["operate"]}, {"scaffold": "production"}])
def test_each_manifest_follows_the_schema_of_kubernetes(rendered: Render, answers):
    reason = "kubernetes-validate is 108 MB of schemas: pip install kubernetes-validate==1.37.0"
    validator = pytest.importorskip("kubernetes_validate", reason=reason)
    found = manifests(rendered(**answers))

    for one in found:  # without a schema: SchemaNotFoundError
        validator.validate(one, "1.37", strict=True)
    assert len(found) == (6 if "components" in answers else 9)
    wrong = next(one for one in found if one["kind"] == "Deployment")
    wrong["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(validator.ValidationError, match="livenesProbe"):
        validator.validate(wrong, "1.37", strict=True)
    with pytest.raises(validator.SchemaNotFoundError):
        validator.validate(wrong | {"kind": "Deploymnt"}, "1.37", strict=True)


def test_the_shipped_test_refuses_a_changed_manifest(project):
    path = project / "deploy/kubernetes/service.yaml"
    command = [str(project / ".venv/bin/pytest"), "-q", "tests/operations", "--noconftest"]
    run(*command, cwd=project)
    for wrong in (
        ("memory: 683Mi", "memory: 600Mi"),
        (":0.1.0", ":latest"),
        ("runAsNonRoot: true", "runAsNonRoot: false"),
        ("kind: PodDisruptionBudget", "kind: PodDisruption"),
        ("apiVersion: policy/v1", "apiversion: policy/v1\napiVersion: policy/v1"),
    ):
        text = path.read_text()
        assert wrong[0] in text
        path.write_text(text.replace(*wrong, 1))
        with pytest.raises(AssertionError, match="1 failed"):
            run(*command, cwd=project)
        path.write_text(text)
