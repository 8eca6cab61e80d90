"""A fresh project, set up as its README says, passes its own checks and trains a real model."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ENVIRONMENTS, run, share_types
from tests.template import rows

PROJECTS: dict[str, dict[str, Any]] = {
    "poc": {"project_name": "Churn Model", "owner": "@org/team"},
    "production": ENVIRONMENTS[1],
    "mvp": {"scaffold": "mvp"},
}
# What an mvp has is in production too; alone it runs with `make test-all`.
PARAMS = ["poc", "production", pytest.param("mvp", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=PARAMS)
def project(request, set_up_project) -> Iterator[Path]:
    project = set_up_project(**PROJECTS[request.param])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_OF_PROJECT", str(project))  # see `started_for`
        yield project


@pytest.fixture(scope="module")
def poc(set_up_project):
    return set_up_project(**PROJECTS["poc"])


def test_lint_types_imports_and_checklist_are_green(project, shared):
    share_types(shared / "types", project)
    run("make", "check", cwd=project)
    share_types(shared / "types", project)


def test_hooks_are_green_and_see_every_file(project):
    done = run("make", "hooks", cwd=project)

    formatted = re.search(r"(\d+) files already formatted", done.stdout)
    sources = [p for folder in ("src", "tests") for p in (project / folder).rglob("*.py")]
    assert formatted
    assert int(formatted[1]) >= len(sources) > 40


def test_the_shipped_tests_are_green_and_none_is_skipped(project):
    # With coverage, which takes a third of the time, on the small project alone.
    with_coverage = project_name(project) == "churn-model"
    done = run("make", "test", *(["CI=1"] if with_coverage else []), cwd=project)

    counted = re.search(r"(\d+) passed", done.stdout)
    assert counted
    assert int(counted[1]) > 40
    assert "skipped" not in done.stdout
    assert ("coverage" in done.stdout) == with_coverage


def project_name(project: Path) -> str:
    """The name that its pyproject.toml gives."""
    content = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return str(content["project"]["name"])


def test_train_and_evaluate_leave_a_record_a_report_and_true_numbers(project):
    done = run("make", "train", "evaluate", cwd=project)

    record = json.loads((project / "reports/run.json").read_text())
    evaluation = json.loads((project / "reports/evaluation.json").read_text())
    metric = evaluation["metrics"][evaluation["metric"]]
    page = (project / "logs" / evaluation["run"] / "report.html").read_text(encoding="utf-8")
    assert record["status"] == "finished"
    assert record["git"]["commit"] == run("git", "rev-parse", "HEAD", cwd=project).stdout.strip()
    assert record["trees"] == evaluation["trees"]
    assert metric["low"] <= metric["value"] <= metric["high"]
    assert evaluation["beats_baseline"]["low"] > 0
    assert f"{metric['value']:.3f}" in done.stdout
    assert "http" not in "".join(re.findall(r"<(?:script|link|img)[^>]*>", page))


def test_the_plain_commands_of_the_readme_work_too(poc, tmp_path):
    run("uv", "run", "churn-model", "train", "model=forest", cwd=poc)
    valid = next((poc / "data/valid").glob("*.parquet"))
    run("uv", "run", "churn-model", "predict", str(valid), str(tmp_path / "out.csv"), cwd=poc)
    helped = run("uv", "run", "churn-model", "--help", cwd=poc).stdout
    wrong = run("uv", "run", "churn-model", "train", "sed=1", cwd=poc, check=False)

    assert (tmp_path / "out.csv").read_text().count("\n") > 10
    assert {"prepare", "train", "evaluate", "predict", "compare"} <= set(helped.split())
    assert wrong.returncode == 2
    assert wrong.stderr.strip() == "command line: unknown key 'sed'; did you mean 'seed'?"
    assert wrong.stderr in (poc / "README.md").read_text(encoding="utf-8")


def test_status_shows_what_is_proven_and_what_is_next(poc):
    printed = run("make", "status", cwd=poc).stdout

    assert re.search(r"PoC +\d+ of \d+ met", printed)
    assert re.search(r"next +[a-z-]+\.[a-z-]+ +\S", printed)


def test_nothing_that_a_person_must_sign_off_is_met_on_a_fresh_project(poc):
    report = json.loads(run("uv", "run", "checklist", "report", "--format", "json", cwd=poc).stdout)

    by_hand = [i["id"] for i in report["items"] if i["kind"] != "auto" and i["state"] == "pass"]
    for_people = [
        i["id"]
        for i in report["items"]
        if i["phase"] == "poc"
        and i["level"] != "may"
        and i["kind"] != "auto"
        and i["state"] != "not-applicable"
        and not i["asks"]  # waits for an answer of `checklist start`
    ]
    assert not by_hand
    assert 0 < len(for_people) <= 30


def test_setup_in_a_folder_of_another_repository_makes_one_of_its_own(render, tmp_path):
    run("git", "init", "--quiet", cwd=tmp_path)
    before = sorted(p.name for p in (tmp_path / ".git" / "hooks").iterdir())
    project = render(tmp_path / "inside")

    run("make", "setup", cwd=project)

    assert (project / ".git" / "hooks" / "pre-commit").is_file()
    assert sorted(p.name for p in (tmp_path / ".git" / "hooks").iterdir()) == before


def test_setup_without_uv_names_the_command_that_installs_it(render, tmp_path):
    project = render(tmp_path / "project")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "git", "make", "grep", "env", "sh"):
        path = subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout
        (tools / tool).symlink_to(path.strip())

    done = run("make", "setup", cwd=project, check=False, PATH=str(tools))

    assert done.returncode != 0
    assert "uv is missing; install it with: python3 -m pip install uv" in done.stderr
    assert not (project / ".git").exists()


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_the_checklist_alone_works_beside_code_of_another_kind(render, tmp_path, ci):
    (tmp_path / "setup.py").write_text("import setuptools\n\nsetuptools.setup()\n")
    render(tmp_path, scaffold="checklist", ci=ci)
    run("git", "init", "--quiet", cwd=tmp_path)
    run("git", "add", "--all", cwd=tmp_path)
    run("git", "commit", "--quiet", "-m", "Adopt", cwd=tmp_path)
    tool = ("uv", "run", "--project", "hooks", "checklist")

    run(*tool, "validate", cwd=tmp_path)
    run(*tool, "gate", cwd=tmp_path)
    printed = run(*tool, "status", cwd=tmp_path).stdout

    assert re.search(r"PoC +\d+ of \d+ met", printed)
    assert (tmp_path / "setup.py").read_text().startswith("import setuptools")


WITH_CODE = {name: row for name, row in rows.ROWS.items() if row["scaffold"] != "checklist"}


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_CODE)
def test_every_row_of_answers_passes_its_own_checks(set_up_project, name):
    project = set_up_project(**WITH_CODE[name])

    run("make", "check", "hooks", "test", "train", "evaluate", cwd=project)

    task = WITH_CODE[name].get("task", "classification")
    assert json.loads((project / "reports/evaluation.json").read_text())["task"] == task


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_newer_pythons_pass_too(render, tmp_path, python):
    installed = Path(os.environ.get("PYENV_ROOT", "/nowhere"), "versions")
    found = [str(p) for p in installed.glob(f"{python}.*/bin/python")] or [python]
    if run("uv", "python", "find", found[0], cwd=tmp_path, check=False).returncode:
        pytest.skip(f"no Python {python} here")
    project = render(tmp_path / "project")

    for words in (["setup"], ["check", "test", "train", "evaluate"]):
        run("make", *words, cwd=project, UV_PYTHON=found[0])

    version = run("uv", "run", "--no-sync", "python", "-V", cwd=project, UV_PYTHON=found[0]).stdout
    assert f"Python {python}" in version


def started_for(project: Path) -> Iterator[str]:
    """The command lines of all processes that the tests of a project have started."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            started = f"TEST_OF_PROJECT={project}".encode() in (process / "environ").read_bytes()
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue  # it ended meanwhile, or is another user's
        if started:
            yield line.decode(errors="replace")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_no_process_and_no_server_is_left(project):
    assert list(started_for(project)) == []
