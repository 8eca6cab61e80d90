"""The seams by which a later scaffold adds whole files and changes none."""

import fnmatch
import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.conftest import run


@pytest.fixture
def project(installed_project, tmp_path: Path) -> Path:
    """A copy with an environment of its own, free to change."""
    copy = tmp_path / "project"
    left_out = shutil.ignore_patterns(".venv", "__pycache__", ".mypy_cache")
    shutil.copytree(installed_project(task="classification"), copy, symlinks=True, ignore=left_out)
    run("uv", "sync", "--quiet", cwd=copy)
    return copy


def package(project: Path) -> Path:
    return next(p for p in (project / "src").iterdir() if p.is_dir())


def test_a_make_file_adds_a_word_and_extends_one(project):
    (project / "make/extra.mk").write_text(
        "hello: ## say hello\n\t@echo hello from a new file\n\nhooks::\n\t@echo more hooks\n"
    )

    assert "hello from a new file" in run("make", "hello", cwd=project).stdout
    assert "say hello" in run("make", cwd=project).stdout
    assert "more hooks" in run("make", "hooks", cwd=project).stdout


def test_a_hook_of_a_new_file_stops_a_commit(project):
    (project / "make/extra.mk").write_text("hooks::\n\t@echo this hook says no; exit 1\n")
    run("git", "add", "--all", cwd=project)

    done = run("git", "commit", "-m", "try", cwd=project, check=False)

    assert done.returncode != 0
    assert "this hook says no" in done.stdout + done.stderr


def test_a_module_of_executor_serving_or_monitoring_is_a_command(project):
    source = '"""Say {word}."""\n\n\ndef run(config, args):\n    print("{word}")\n    return 0\n'
    for folder, word in (("executor", "one"), ("serving", "two"), ("monitoring", "three")):
        (package(project) / folder).mkdir(exist_ok=True)
        (package(project) / folder / "__init__.py").touch()
        (package(project) / folder / f"say_{word}.py").write_text(source.format(word=word))
    name = package(project).name.replace("_", "-")

    helped = run("uv", "run", name, "--help", cwd=project).stdout

    for word in ("one", "two", "three"):
        assert f"Say {word}." in helped
        assert run("uv", "run", name, f"say-{word}", cwd=project).stdout.strip() == word


def test_a_new_package_is_in_the_import_contract_and_brings_its_group(project):
    for folder in ("serving", "monitoring"):
        (package(project) / folder).mkdir()
        (package(project) / folder / "__init__.py").write_text('"""New."""\n')

    planned = run("make", "--dry-run", "setup", cwd=project).stdout
    run("uv", "run", "lint-imports", cwd=project)
    (package(project) / "serving/bad.py").write_text("from ..executor import train as train\n")
    broken = run("uv", "run", "lint-imports", cwd=project, check=False)
    (package(project) / "serving/bad.py").unlink()
    (package(project) / "misc").mkdir()
    (package(project) / "misc/__init__.py").write_text('"""Not in the contract."""\n')
    unknown = run("uv", "run", "lint-imports", cwd=project, check=False)

    assert "--group serving --group monitoring" in planned
    assert broken.returncode != 0
    assert "serving.bad" in broken.stdout
    assert unknown.returncode != 0
    assert "misc" in unknown.stdout


def test_a_data_check_is_found_by_its_file(project):
    (package(project) / "dataloader/checks/never.py").write_text(
        '"""Always finds something."""\n\n\n'
        "def check(table, context):\n    return [f'the new check saw {table.height} rows']\n"
    )

    done = run("make", "prepare", cwd=project, check=False)

    assert done.returncode != 0
    assert "the new check saw 569 rows" in done.stderr


SCREEN = '''"""Lets only even rows pass."""

import polars as pl


class Even:
    state = "even, first edition"

    def screen(self, table, config, shown):
        table.keep(table.rows.filter(pl.col("_row") % 2 == 0), "odd")

    def set_aside(self):
        print("the odd rows are set aside")

    def recheck(self, manifest):
        print("the even rows are still even")

    def let_in(self, chunk, contract, shown):
        return chunk.filter(pl.col("_row") % 2 == 0)

    def close(self, shown):
        print("the odd rows get no answer")


def screen(root):
    return Even()


def gate(args):
    return Even() if args.even else None


def add_arguments(parser):
    parser.add_argument("--even", action="store_true")
'''


def test_a_screen_of_rows_is_found_by_its_file_and_is_part_of_what_the_data_was_made_by(project):
    name = package(project).name.replace("_", "-")
    before = run("make", "train", cwd=project).stdout
    (package(project) / "executor/screens/even.py").write_text(SCREEN)

    first, second = (run("make", "prepare", cwd=project).stdout for _ in range(2))
    manifest = json.loads((project / "data/manifest.json").read_text())
    asked = ("data/original/breast_cancer.csv", "said.csv")
    run("uv", "run", name, "predict", *asked, cwd=project)
    every = (project / "said.csv").read_text().count("\n")
    said = run("uv", "run", name, "predict", *asked, "--even", cwd=project).stdout

    assert "0 dropped" in before
    assert "the odd rows are set aside" in first
    assert "the even rows are still even" in second
    assert manifest["rows"] == {"read": 569, "kept": 284, "dropped": 285}
    assert {"reason": "odd", "rows": 285} in manifest["dropped"]
    assert manifest["made_by"]["screens"] == {"even": "even, first edition"}
    assert "the odd rows get no answer" in said
    assert (every, (project / "said.csv").read_text().count("\n")) == (570, 285)


def test_a_report_section_is_found_by_its_file(project):
    (package(project) / "evaluation/sections/hello.py").write_text(
        '"""One more section."""\n\nORDER = 5\nTITLE = "Hello"\n\n\n'
        'def section(evaluation, run):\n    return "<p>the new section was here</p>"\n'
    )

    run("make", "train", "evaluate", cwd=project)

    page = next((project / "logs").glob("*/report.html")).read_text(encoding="utf-8")
    assert "the new section was here" in page


def test_a_judge_is_found_by_its_file_and_can_say_no(project):
    (package(project) / "executor/judging/strict.py").write_text(
        '"""Never content."""\n\n\ndef judge(case):\n'
        "    return {'rows': len(case.test), 'misses': [f'{len(case.test)} rows are too few']}\n"
    )

    done = run("make", "train", "evaluate", cwd=project, check=False)
    found = json.loads((project / "reports/evaluation.json").read_text())

    assert done.returncode != 0
    assert "137 rows are too few" in done.stderr
    assert found["strict"]["rows"] == 137


def test_a_tracker_is_found_by_its_file_and_cannot_cost_a_run(project):
    for name, line in (
        ("told", "(root / 'told.txt').write_text(run.record['status'])"),
        ("angry", "raise OSError('the disk of the tracker is full')"),
    ):
        (package(project) / f"executor/trackers/{name}.py").write_text(
            f'"""A tracker."""\n\n\ndef track(root, run):\n    {line}\n'
        )

    done = run("make", "train", cwd=project)

    assert "angry has not got this run: OSError: the disk of the tracker is full" in done.stdout
    assert (project / "told.txt").read_text() == "finished"


def test_tuned_values_are_read_over_the_default_and_named_in_a_mistake(project):
    name = package(project).name.replace("_", "-")
    (project / "conf/tuned.yaml").write_text("models:\n  logistic:\n    C: 0.25\n")

    run("make", "train", cwd=project)
    record = json.loads(next((project / "logs").glob("*/run.json")).read_text())
    (project / "conf/tuned.yaml").write_text("models:\n  logistic:\n    C: -1\n")
    wrong = run("uv", "run", name, "train", cwd=project, check=False)
    mended = run("uv", "run", name, "train", "models.logistic.C=2", cwd=project)

    assert record["model"]["parameters"]["C"] == 0.25
    assert wrong.returncode == 2
    assert wrong.stderr.strip() == "conf/tuned.yaml: models.logistic.C must be above 0, got -1"
    assert "train" in mended.stdout


def test_a_ci_file_is_found_by_its_folder(render):
    project = render(ci="gitlab")
    config = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    patterns = [entry["local"] for entry in config["include"]]

    assert any(fnmatch.fnmatch("/.gitlab/ci/extra.yml", pattern) for pattern in patterns)
    for path in (project / ".gitlab/ci").iterdir():
        assert any(fnmatch.fnmatch(f"/.gitlab/ci/{path.name}", pattern) for pattern in patterns)


def test_a_github_workflow_needs_no_mention_elsewhere(render):
    project = render(ci="github")
    names = [p.name for p in (project / ".github/workflows").iterdir()]
    text = "".join((project / "Makefile").read_text().split())

    assert {"check.yml", "checklist.yml", "template-update.yml", "test.yml"} <= set(names)
    assert not [name for name in names if name in text]
