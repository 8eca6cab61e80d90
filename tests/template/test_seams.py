"""The seams by which a component joins: whole files that are found, and no file changed."""

import fnmatch
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import Render, run

ANSWER = '''"""Print the answer."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--twice", action="store_true")


def run(args: argparse.Namespace) -> None:
    """Print it, and what was overridden."""
    print(42 * (2 if args.twice else 1), args.overrides, args.root.name)
'''


@pytest.fixture
def project(installed_project, tmp_path: Path) -> Path:
    """A copy that is free to change; it shares the environment of the installed project."""
    installed, copy = installed_project(), tmp_path / "project"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".mypy_cache")
    shutil.copytree(installed, copy, ignore=ignored)
    (copy / ".venv").symlink_to(installed / ".venv")
    return copy


def package(project: Path) -> Path:
    return project / "src/my_model"


def run_python(project: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a module from the project's own source."""
    python = str(project / ".venv/bin/python")
    return run(python, "-m", *words, cwd=project, check=check, PYTHONPATH=str(project / "src"))


def add_package(project: Path, name: str, **modules: str) -> None:
    (package(project) / name).mkdir()
    for module, text in {"__init__": "", **modules}.items():
        (package(project) / name / f"{module}.py").write_text(text)


def test_a_make_file_adds_a_target_and_extends_one(project):
    (project / "make/extra.mk").write_text(
        "hello: ## say hello\n\t@echo hello from a new file\n\nhooks::\n\t@echo more hooks\n"
    )

    assert "hello from a new file" in run("make", "hello", cwd=project).stdout
    assert "say hello" in run("make", cwd=project).stdout
    assert "more hooks" in run("make", "--dry-run", "hooks", cwd=project).stdout


def test_a_package_with_commands_adds_them_to_the_command_line(project):
    commands = 'COMMANDS = {"deep-thought": "Print the answer"}\n'
    add_package(project, "serving", commands=commands, deep_thought=ANSWER)

    helped = run_python(project, "my_model", "--help").stdout
    done = run_python(project, "my_model", "deep-thought", "--twice", "seed=1").stdout
    wrong = run_python(project, "my_model", "deep-thougt", check=False)

    assert "Print the answer" in helped
    assert done == "84 ['seed=1'] project\n"
    assert wrong.returncode == 2
    assert "did you mean 'deep-thought'?" in wrong.stderr


def test_the_import_contract_holds_for_a_new_package(project):
    def contracts() -> subprocess.CompletedProcess[str]:
        lint = str(project / ".venv/bin/lint-imports")
        return run(lint, cwd=project, check=False, PYTHONPATH=str(project / "src"))

    add_package(project, "serving", app="from ..executor import train as train\n")
    add_package(project, "tuning")
    allowed = contracts()
    (package(project) / "tuning/bad.py").write_text("from ..serving import app as app\n")
    upwards = contracts()
    (package(project) / "tuning/bad.py").unlink()
    core = package(project) / "executor/predict.py"
    core.write_text(core.read_text() + "\nfrom ..serving import app as app\n")
    from_core = contracts()
    add_package(project, "misc")
    unknown = contracts()

    assert allowed.returncode == 0, allowed.stdout
    assert upwards.returncode != 0
    assert "tuning.bad" in upwards.stdout
    assert from_core.returncode != 0
    assert "misc" in unknown.stdout + unknown.stderr


def test_a_page_of_a_component_is_linked_and_tuned_values_are_used(project):
    (project / "reports").mkdir(exist_ok=True)
    (project / "reports/extra.html").write_text("<title>Extra</title>\n")
    (project / "conf/tuned.yaml").write_text("models:\n  logistic:\n    C: 0.25\n")

    run_python(project, "my_model", "train")
    run_python(project, "my_model", "evaluate")
    record = json.loads((project / "reports/run.json").read_text())
    page = (project / "logs" / record["run"] / "report.html").read_text(encoding="utf-8")
    (project / "conf/tuned.yaml").write_text("models:\n  logistic:\n    C: -1\n")
    wrong = run_python(project, "my_model", "train", check=False)

    assert "extra.html" in page
    assert record["config"]["models"]["logistic"]["C"] == 0.25
    assert wrong.returncode == 2
    assert "models.logistic: The 'C' parameter" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1


def test_a_ci_file_is_found_by_its_folder(rendered: Render):
    project = rendered(ci="gitlab")
    config = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    patterns = [entry["local"] for entry in config["include"]]

    assert any(fnmatch.fnmatch("/.gitlab/ci/extra.yml", pattern) for pattern in patterns)
    for path in (project / ".gitlab/ci").iterdir():
        assert any(fnmatch.fnmatch(f"/.gitlab/ci/{path.name}", pattern) for pattern in patterns)


def test_a_github_workflow_is_named_nowhere_else(rendered: Render):
    project = rendered()
    names = [p.name for p in (project / ".github/workflows").iterdir()]
    text = (project / "Makefile").read_text()

    assert {"check.yml", "checklist.yml", "template-update.yml", "test.yml"} <= set(names)
    assert not [name for name in names if name in text]
