"""Each probe: found, missing, and cannot tell."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import inspect
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ml_checklist import proofs
from ml_checklist.files import tree_id
from ml_checklist.probes import PROBES, run
from ml_checklist.probes.finding import ERROR, FOUND, MISSING, UNKNOWN, Finding
from ml_checklist.probes.tree import Tree

CARD = "---\nowner: '@ann'\nempty:\n---\n# Card\n\n## Licence\n\nCC-BY 4.0, bought from the shop on 2 October, see the mail.\n\n## Origin\n\n> fill: where from\n\n## Amount\n\nTODO write how many rows there are in the table of orders\n"
DECISION = (
    "---\nabout: model\nstatus: {status}\n---\n# Model\n\n"
    + "We chose the simple model because it can be explained. " * 5
)
RUN = {
    "git": {"commit": "abc", "dirty": False},
    "seed": 0,
    "metrics": {"valid": {"mae": {"value": 2.5}}},
}
PYPROJECT = """\
[project]
name = "shop"
requires-python = ">=3.11"
dependencies = ["numpy>=2.2", "Scikit_Learn>=1.8,<2"]
[dependency-groups]
dev = ["pytest>=9", "coverage[toml]>=7"]
"""
LOCK = """\
requires-python = ">=3.11"
[[package]]
name = "shop"
source = { editable = "." }
[package.metadata]
requires-dist = [{ name = "numpy", specifier = ">=2.2" }, { name = "scikit-learn", specifier = "<2,>=1.8" }]
[package.metadata.requires-dev]
dev = [{ name = "coverage", extras = ["toml"], specifier = ">=7" }, { name = "pytest", specifier = ">=9" }]
"""
CONTRACT = """
[[tool.importlinter.contracts]]
type = "layers"
layers = ["main", "model | dataloader"]
"""
WORKFLOW = "on: [push, pull_request]\njobs:\n  test:\n    steps:\n      - run: |\n          make setup\n          make test\n"
ONE = "on: push\njobs:\n  test:\n    steps:\n      - {}\n"
GITLAB = "test:\n  rules: [{if: $CI_PIPELINE_SOURCE == 'merge_request_event'}]\n  script: [make setup, make test]\n"
EVALUATE = (
    "from x import read_part\n\ndef run():\n    return read_part('test', for_evaluation=True)\n"
)
CLEAN = json.dumps({"cells": [{"cell_type": "code", "outputs": [], "execution_count": None}]})
DIRTY = json.dumps(
    {"cells": [{"cell_type": "code", "outputs": [{"text": "1"}], "execution_count": 3}]}
)
COVERAGE = json.dumps(
    {"files": {"src/shop/a.py": {"summary": {"covered_lines": 8, "num_statements": 10}}}}
)
KEY = "AKIA" + "ABCDEFGHIJKLMNOP"

SAME = {
    "type": "same",
    "left": {"file": "a.json", "at": "version"},
    "right": {"file": "b.yaml", "at": "served"},
}

Case = tuple[dict[str, Any], dict[str, str], str]
CALLED = {
    ".github/workflows/t.yml": "on: [workflow_call]\njobs: {a: {steps: [{run: make test}]}}\n",
    ".github/workflows/c.yml": (
        "on: {schedule: [{cron: '1 1 * * 1'}], pull_request: {}, merge_group: {}}\n"
        "jobs:\n"
        "  a: {uses: ./.github/workflows/t.yml, if: github.event_name != 'merge_group'}\n"
        "  b: {if: \"github.event_name == 'schedule'\", steps: [{run: make weekly}]}\n"
    ),
}
CASES: dict[str, Case] = {
    "file found": ({"type": "file", "file": "a.md"}, {"a.md": "x"}, FOUND),
    "file missing": ({"type": "file", "file": "a.md"}, {}, MISSING),
    "file empty": ({"type": "file", "file": "a.md"}, {"a.md": ""}, MISSING),
    "file glob": ({"type": "file", "file": "src/*/a.py"}, {"src/shop/a.py": "x"}, FOUND),
    "heading found": (
        {"type": "heading", "file": "c.md", "heading": "Licence"},
        {"c.md": CARD},
        FOUND,
    ),
    "heading prompt": (
        {"type": "heading", "file": "c.md", "heading": "Origin"},
        {"c.md": CARD},
        MISSING,
    ),
    "heading todo": (
        {"type": "heading", "file": "c.md", "heading": "Amount"},
        {"c.md": CARD},
        MISSING,
    ),
    "heading absent": (
        {"type": "heading", "file": "c.md", "heading": "Labels"},
        {"c.md": CARD},
        MISSING,
    ),
    "heading short of what most write": (
        {"type": "heading", "file": "c.md", "heading": "licence", "min_words": 99},
        {"c.md": CARD},
        FOUND,
    ),
    "heading of one word": (
        {"type": "heading", "file": "c.md", "heading": "Licence"},
        {"c.md": "# Card\n\n## Licence\n\n" + "bla " * 40},
        MISSING,
    ),
    "heading in Chinese": (
        {"type": "heading", "file": "c.md", "heading": "Licence", "min_words": 10},
        {"c.md": "# 卡\n\n## Licence\n\n数据由医院提供。只可用于研究。不得转让。\n"},
        FOUND,
    ),
    "suite without a run": ({"type": "suite", "min": 1}, {"a.py": "x"}, UNKNOWN),
    "a count with decimals": (
        {"type": "json", "file": "r.json", "at": "n", "min": 0, "max": 9, "whole": True},
        {"r.json": '{"n": 2.5}'},
        MISSING,
    ),
    "a share above 1": (
        {"type": "json", "file": "r.json", "at": "n", "min": 0, "max": 1},
        {"r.json": '{"n": 99.9}'},
        MISSING,
    ),
    "a target in per cent": (
        {"type": "json", "file": "r.json", "at": "n", "min": 0.5, "max": 0.9999, "percent": True},
        {"r.json": '{"n": 99.9}'},
        FOUND,
    ),
    "no number at all": (
        {"type": "json", "file": "r.json", "at": "n", "min": 0, "max": 1},
        {"r.json": '{"n": Infinity}'},
        MISSING,
    ),
    "a day within its age": (
        {"type": "json", "file": "r.json", "at": "n", "within_days": 9999},
        {"r.json": '{"n": "2026-11-01"}'},
        FOUND,
    ),
    "a day of long ago": (
        {"type": "json", "file": "r.json", "at": "n", "within_days": 365},
        {"r.json": '{"n": "1999-01-01"}'},
        MISSING,
    ),
    "a day to come": (
        {"type": "json", "file": "r.json", "at": "n", "within_days": 365},
        {"r.json": '{"n": "2999-01-01"}'},
        MISSING,
    ),
    "heading in code": (
        {"type": "heading", "file": "c.md", "heading": "X"},
        {"c.md": "```\n## X\none two three four five six seven eight\n```\n"},
        MISSING,
    ),
    "front matter found": (
        {"type": "front-matter", "file": "c.md", "keys": ["owner"]},
        {"c.md": CARD},
        FOUND,
    ),
    "front matter empty": (
        {"type": "front-matter", "file": "c.md", "keys": ["owner", "empty"]},
        {"c.md": CARD},
        MISSING,
    ),
    "decision found": (
        {"type": "decision", "about": "model"},
        {"docs/decisions/1.md": DECISION.format(status="accepted")},
        FOUND,
    ),
    "decision proposed": (
        {"type": "decision", "about": "model"},
        {"docs/decisions/1.md": DECISION.format(status="proposed")},
        MISSING,
    ),
    "decision on something else": (
        {"type": "decision", "about": "data"},
        {"docs/decisions/1.md": DECISION.format(status="accepted")},
        MISSING,
    ),
    "json found": (
        {"type": "json", "file": "reports/run.json", "at": "seed", "equals": 0},
        {"reports/run.json": json.dumps(RUN)},
        FOUND,
    ),
    "json out of bounds": (
        {"type": "json", "file": "reports/run.json", "at": "metrics.valid.mae.value", "max": 2},
        {"reports/run.json": json.dumps(RUN)},
        MISSING,
    ),
    "json not made yet": (
        {"type": "json", "file": "reports/run.json", "at": "seed", "equals": 0},
        {},
        UNKNOWN,
    ),
    "json broken": (
        {"type": "json", "file": "reports/run.json", "at": "seed", "equals": 0},
        {"reports/run.json": "{"},
        MISSING,
    ),
    "json nan is no number": (
        {"type": "json", "file": "a.json", "at": "x", "min": 0},
        {"a.json": '{"x": NaN}'},
        MISSING,
    ),
    "json true is not 1": (
        {"type": "json", "file": "a.json", "at": "x", "equals": 1},
        {"a.json": '{"x": true}'},
        MISSING,
    ),
    "json every element": (
        {"type": "json", "file": "a.json", "at": "x[*].n", "min": 1},
        {"a.json": '{"x": [{"n": 1}, {"n": 0}]}'},
        MISSING,
    ),
    "json an element without it": (
        {"type": "json", "file": "a.json", "at": "x[*].n", "min": 1},
        {"a.json": '{"x": [{"n": 1}, {}]}'},
        MISSING,
    ),
    "json no elements": (
        {"type": "json", "file": "a.json", "at": "x[*].n", "min": 1},
        {"a.json": '{"x": []}'},
        MISSING,
    ),
    "yaml found": (
        {"type": "yaml", "file": "a.yaml", "at": "on.push", "exists": True},
        {"a.yaml": "on: {push: {}}\n"},
        FOUND,
    ),
    "yaml must be absent": (
        {"type": "yaml", "file": "a.yaml", "at": "x", "exists": False},
        {"a.yaml": "x: 1\n"},
        MISSING,
    ),
    "toml found": (
        {"type": "toml", "file": "pyproject.toml", "at": "project.dependencies", "length_min": 2},
        {"pyproject.toml": PYPROJECT},
        FOUND,
    ),
    "toml missing": (
        {"type": "toml", "file": "pyproject.toml", "at": "tool.mypy.strict", "equals": True},
        {"pyproject.toml": PYPROJECT},
        MISSING,
    ),
    "config found": (
        {"type": "config", "at": "seed", "in": [1, 2]},
        {"conf/default.yaml": "seed: 2\n"},
        FOUND,
    ),
    "config missing": (
        {"type": "config", "at": "metric", "matches": "^mae$"},
        {"conf/default.yaml": "metric: rmse\n"},
        MISSING,
    ),
    "config empty": (
        {"type": "config", "at": "metric", "non_empty": True},
        {"conf/default.yaml": "metric: ''\n"},
        MISSING,
    ),
    "same found": (SAME, {"a.json": '{"version": "2"}', "b.yaml": "served: '2'\n"}, FOUND),
    "same missing": (SAME, {"a.json": '{"version": "2"}', "b.yaml": "served: '3'\n"}, MISSING),
    "same but of no value": (SAME, {"a.json": "{}", "b.yaml": "else: 1\n"}, MISSING),
    "same unknown": (
        {**SAME, "left": {"file": "reports/a.json", "at": "version"}},
        {"b.yaml": "served: '3'\n"},
        UNKNOWN,
    ),
    "difference found": (
        {
            "type": "difference",
            "left": {"file": "a.json", "at": "x"},
            "right": {"file": "a.json", "at": "y"},
            "max": 0.1,
        },
        {"a.json": '{"x": 1.05, "y": 1}'},
        FOUND,
    ),
    "difference missing": (
        {
            "type": "difference",
            "left": {"file": "a.json", "at": "x"},
            "right": {"file": "a.json", "at": "y"},
            "max": 0.01,
        },
        {"a.json": '{"x": 1.05, "y": 1}'},
        MISSING,
    ),
    "difference unknown": (
        {
            "type": "difference",
            "left": {"file": "reports/a.json", "at": "x"},
            "right": {"file": "reports/a.json", "at": "y"},
            "max": 1,
        },
        {},
        UNKNOWN,
    ),
    "ledger found": (
        {"type": "ledger", "fields": ["git.commit", "seed"]},
        {"reports/run.json": json.dumps(RUN)},
        FOUND,
    ),
    "ledger missing": (
        {"type": "ledger", "fields": ["model.sha256"]},
        {"reports/run.json": json.dumps(RUN)},
        MISSING,
    ),
    "ledger unknown": ({"type": "ledger", "fields": ["seed"]}, {}, UNKNOWN),
    "fresh unknown": ({"type": "fresh", "file": "reports/run.json"}, {}, UNKNOWN),
    "fresh without trees": (
        {"type": "fresh", "file": "reports/run.json"},
        {"reports/run.json": json.dumps(RUN)},
        MISSING,
    ),
    "proven unknown": ({"type": "proven"}, {}, UNKNOWN),
    "coverage found": (
        {"type": "coverage", "min": 0.8},
        {".checklist/coverage.json": COVERAGE},
        FOUND,
    ),
    "coverage missing": (
        {"type": "coverage", "min": 0.9},
        {".checklist/coverage.json": COVERAGE},
        MISSING,
    ),
    "coverage of nothing": (
        {"type": "coverage", "min": 0.1, "of": "src/*/model/*"},
        {".checklist/coverage.json": COVERAGE},
        MISSING,
    ),
    "coverage unknown": ({"type": "coverage", "min": 0.8}, {}, UNKNOWN),
    "lock found": ({"type": "lock-fresh"}, {"pyproject.toml": PYPROJECT, "uv.lock": LOCK}, FOUND),
    "lock of another demand": (
        {"type": "lock-fresh"},
        {"pyproject.toml": PYPROJECT.replace("2.2", "2.3"), "uv.lock": LOCK},
        MISSING,
    ),
    "lock without a new group": (
        {"type": "lock-fresh"},
        {"pyproject.toml": PYPROJECT + 'docs = ["mkdocs"]\n', "uv.lock": LOCK},
        MISSING,
    ),
    "lock of another python": (
        {"type": "lock-fresh"},
        {"pyproject.toml": PYPROJECT.replace("3.11", "3.12"), "uv.lock": LOCK},
        MISSING,
    ),
    "lock absent": ({"type": "lock-fresh"}, {"pyproject.toml": PYPROJECT}, MISSING),
    "newer-than missing": ({"type": "newer-than", "file": "a.md", "than": ["b.md"]}, {}, MISSING),
    "newer-than unknown": (
        {"type": "newer-than", "file": "a.md", "than": ["b.md"]},
        {"a.md": "x"},
        UNKNOWN,
    ),
    "only reader found": (
        {"type": "only-reader", "of": "data/test", "allowed": ["src/*/executor/evaluate.py"]},
        {
            "src/shop/executor/evaluate.py": EVALUATE,
            "src/shop/a.py": '"""Says data/test."""\nPARTS = ("train", "test")\n',
        },
        FOUND,
    ),
    "another reader by path": (
        {"type": "only-reader", "of": "data/test", "allowed": ["src/*/executor/evaluate.py"]},
        {
            "src/shop/executor/evaluate.py": EVALUATE,
            "src/shop/a.py": "x = open('data/test/part.parquet')\n",
        },
        MISSING,
    ),
    "another reader by parts": (
        {"type": "only-reader", "of": "data/test", "allowed": ["src/*/executor/evaluate.py"]},
        {
            "src/shop/executor/evaluate.py": EVALUATE,
            "src/shop/a.py": "x = root / 'data' / 'test'\n",
        },
        MISSING,
    ),
    "another reader by name": (
        {"type": "only-reader", "of": "data/test", "allowed": ["src/*/executor/evaluate.py"]},
        {"src/shop/executor/evaluate.py": EVALUATE, "src/shop/a.py": "x = read_part('test')\n"},
        MISSING,
    ),
    "only reader unknown": (
        {"type": "only-reader", "of": "data/test", "allowed": ["src/*/executor/evaluate.py"]},
        {},
        UNKNOWN,
    ),
    "contract found": (
        {"type": "import-contract"},
        {
            "pyproject.toml": PYPROJECT + CONTRACT,
            "src/shop/model/__init__.py": "",
            "src/shop/dataloader/__init__.py": "",
        },
        FOUND,
    ),
    "contract leaves one out": (
        {"type": "import-contract"},
        {"pyproject.toml": PYPROJECT + CONTRACT, "src/shop/serving/__init__.py": ""},
        MISSING,
    ),
    "contract absent": (
        {"type": "import-contract"},
        {"pyproject.toml": PYPROJECT, "src/shop/model/__init__.py": ""},
        MISSING,
    ),
    "contract unknown": (
        {"type": "import-contract"},
        {"pyproject.toml": PYPROJECT + CONTRACT},
        UNKNOWN,
    ),
    "owners found": (
        {"type": "codeowners", "paths": ["hooks/", "conf/default.yaml"]},
        {"CODEOWNERS": "* @a\n/hooks/ @b\n"},
        FOUND,
    ),
    "owners taken away": (
        {"type": "codeowners", "paths": ["hooks/"]},
        {".github/CODEOWNERS": "* @a\n/hooks/\n"},
        MISSING,
    ),
    "owners of something else": (
        {"type": "codeowners", "paths": ["hooks/"]},
        {"CODEOWNERS": "/docs/ @a\n*.md @b\n"},
        MISSING,
    ),
    "owners absent": ({"type": "codeowners", "paths": ["hooks/"]}, {}, MISSING),
    "workflow found": (
        {"type": "workflow", "runs": "make test", "trigger": "pull_request", "job": "test"},
        {".github/workflows/t.yml": WORKFLOW},
        FOUND,
    ),
    "workflow on gitlab": (
        {"type": "workflow", "runs": "make test", "trigger": "pull_request"},
        {".gitlab-ci.yml": GITLAB},
        FOUND,
    ),
    "workflow in a comment": (
        {"type": "workflow", "runs": "make check"},
        {".github/workflows/t.yml": WORKFLOW + "          # make check\n"},
        MISSING,
    ),
    "workflow of a longer word": (
        {"type": "workflow", "runs": "make te"},
        {".github/workflows/t.yml": WORKFLOW},
        MISSING,
    ),
    "workflow without trigger": (
        {"type": "workflow", "trigger": "schedule"},
        {".github/workflows/t.yml": WORKFLOW},
        MISSING,
    ),
    "workflow called by another": (
        {"type": "workflow", "runs": "make test", "trigger": "schedule"},
        CALLED,
        FOUND,
    ),
    "workflow called, but not then": (
        {"type": "workflow", "runs": "make test", "trigger": "merge_group"},
        CALLED,
        MISSING,
    ),
    "workflow whose job asks for another event": (
        {"type": "workflow", "runs": "make weekly", "trigger": "pull_request"},
        CALLED,
        MISSING,
    ),
    "workflow whose job asks for this event": (
        {"type": "workflow", "runs": "make weekly", "trigger": "schedule"},
        CALLED,
        FOUND,
    ),
    "workflow that calls itself": (
        {"type": "workflow", "runs": "make test"},
        {
            ".github/workflows/t.yml": "on: workflow_call\njobs: {a: {uses: ./.github/workflows/t.yml}}\n"
        },
        MISSING,
    ),
    "workflow on gitlab by default": (
        {"type": "workflow", "runs": "make setup", "job": "a"},
        {
            ".gitlab-ci.yml": "default: {before_script: [make setup]}\n",
            ".gitlab/ci/a.yml": "a: {script: make test}\n",
        },
        FOUND,
    ),
    "workflow on gitlab against the default": (
        {"type": "workflow", "runs": "make setup", "job": "a"},
        {
            ".gitlab-ci.yml": "default: {before_script: [make setup]}\n",
            ".gitlab/ci/a.yml": "a: {before_script: [pip list], script: make test}\n",
        },
        MISSING,
    ),
    "workflow of several targets": (
        {"type": "workflow", "runs": "make test"},
        {".github/workflows/t.yml": ONE.format("run: make -C model setup test")},
        FOUND,
    ),
    "workflow through a runner": (
        {"type": "workflow", "runs": "pip-audit"},
        {".github/workflows/t.yml": ONE.format('run: "CI=1 uv run --no-sync pip-audit --strict"')},
        FOUND,
    ),
    "workflow whose failure is kept for later": (
        {"type": "workflow", "runs": "make test"},
        {".github/workflows/t.yml": ONE.format("run: make test || code=$?")},
        FOUND,
    ),
    "workflow into a pipe of bash": (
        {"type": "workflow", "runs": "make test"},
        {".github/workflows/t.yml": ONE.format("{shell: bash, run: make test | tee log}")},
        FOUND,
    ),
    **{
        f"workflow that does not fail: {step}": (
            {"type": "workflow", "runs": "make test"},
            {".github/workflows/t.yml": ONE.format(step)},
            MISSING,
        )
        for step in (
            "run: make test || true",
            "run: (make test) || :",
            "run: make test || echo red",
            "run: make test &",
            "run: make test | tee log",
            "run: echo make test",
            "run: 'true # make test'",
            "run: make -n test",
            'run: "exit 0\\nmake test"',
            'run: "set +e\\nmake test"',
            'run: "if make test; then :; fi"',
            "{if: false, run: make test}",
            "{if: '${{ always() && false }}', run: make test}",
            "{continue-on-error: true, run: make test}",
        )
    },
    "workflow whose job never runs": (
        {"type": "workflow", "runs": "make test"},
        {
            ".github/workflows/t.yml": WORKFLOW.replace(
                "    steps", "    if: ${{ false }}\n    steps"
            )
        },
        MISSING,
    ),
    "workflow whose job may fail": (
        {"type": "workflow", "runs": "make test"},
        {
            ".github/workflows/t.yml": WORKFLOW.replace(
                "    steps", "    continue-on-error: true\n    steps"
            )
        },
        MISSING,
    ),
    "workflow that nobody calls": (
        {"type": "workflow", "runs": "make test"},
        {".github/workflows/t.yml": CALLED[".github/workflows/t.yml"]},
        MISSING,
    ),
    "workflow on gitlab that may fail": (
        {"type": "workflow", "runs": "make test"},
        {".gitlab-ci.yml": GITLAB + "  allow_failure: true\n"},
        MISSING,
    ),
    "workflow on gitlab that never runs": (
        {"type": "workflow", "runs": "make test"},
        {".gitlab-ci.yml": "a: {rules: [{when: never}], script: [make test]}\n"},
        MISSING,
    ),
    "owners where the host looks first": (
        {"type": "codeowners", "paths": ["hooks/"]},
        {".github/CODEOWNERS": "*\n", "CODEOWNERS": "* @a\n"},
        MISSING,
    ),
    "owners of gitlab": (
        {"type": "codeowners", "paths": ["hooks/"]},
        {".gitlab-ci.yml": GITLAB, ".github/CODEOWNERS": "*\n", "CODEOWNERS": "* @a/b/c\n"},
        FOUND,
    ),
    "owners who are nobody": (
        {"type": "codeowners", "paths": ["hooks/"]},
        {"CODEOWNERS": "* nobody-at-all @ @/team a@b\n"},
        MISSING,
    ),
    "owners by mail": (
        {"type": "codeowners", "paths": ["hooks/"]},
        {"CODEOWNERS": "* ann@example.org\n"},
        FOUND,
    ),
    "workflow absent": ({"type": "workflow", "runs": "make test"}, {}, MISSING),
    "text found": (
        {"type": "text", "file": "a.txt", "matches": "^b+$"},
        {"a.txt": "a\nbb\n"},
        FOUND,
    ),
    "text missing": (
        {"type": "text", "file": "a.txt", "matches": "^c"},
        {"a.txt": "a\nbb\n"},
        MISSING,
    ),
    "text that must not be": (
        {"type": "text", "file": "src/**/*.py", "matches": r"\bpickle\b", "absent": True},
        {"src/a.py": "import pickle\n"},
        MISSING,
    ),
    "text absent": (
        {"type": "text", "file": "src/**/*.py", "matches": "pickle", "absent": True},
        {"src/a.py": "import json\n"},
        FOUND,
    ),
    "text nowhere to look": (
        {"type": "text", "file": "src/**/*.py", "matches": "pickle", "absent": True},
        {},
        UNKNOWN,
    ),
    "dependency found": (
        {"type": "dependency", "name": "scikit-learn"},
        {"pyproject.toml": PYPROJECT},
        FOUND,
    ),
    "dependency in its group": (
        {"type": "dependency", "name": "coverage", "group": "dev"},
        {"pyproject.toml": PYPROJECT},
        FOUND,
    ),
    "dependency in another group": (
        {"type": "dependency", "name": "numpy", "group": "dev"},
        {"pyproject.toml": PYPROJECT},
        MISSING,
    ),
    "dependency absent": ({"type": "dependency", "name": "torch"}, {}, MISSING),
    "notebooks unknown": ({"type": "notebooks-clean"}, {"a.ipynb": CLEAN}, UNKNOWN),
    "git unknown": ({"type": "git", "max_mb": 5}, {"a.md": "x"}, UNKNOWN),
    "all": (
        {"all": [{"type": "file", "file": "a"}, {"type": "file", "file": "b"}]},
        {"a": "x"},
        MISSING,
    ),
    "any": (
        {"any": [{"type": "file", "file": "a"}, {"type": "file", "file": "b"}]},
        {"a": "x"},
        FOUND,
    ),
    "not": ({"not": {"type": "file", "file": "a"}}, {"a": "x"}, MISSING),
    "not unknown": ({"not": {"type": "proven"}}, {}, UNKNOWN),
    "a pattern that is none": ({"type": "text", "file": "a", "matches": "("}, {"a": "x"}, ERROR),
}


def plant(root: Path, files: dict[str, str], *, git: bool = False) -> Tree:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if git:
        for command in (
            ["init", "-q"],
            ["add", "-A"],
            ["commit", "-q", "--allow-empty", "-m", "all"],
        ):
            subprocess.run(["git", *command], cwd=root, check=True)
    return Tree(root)


@pytest.mark.parametrize(("probe", "files", "outcome"), CASES.values(), ids=CASES.keys())
def test_a_probe_finds_misses_or_cannot_tell(probe, files, outcome, tmp_path):
    finding = run(plant(tmp_path, files), probe, "data.x")

    assert finding.outcome == outcome, finding.sentence
    assert finding.sentence


GIT_CASES: dict[str, Case] = {
    "reviewed before any release": (
        {"type": "reviewed", "paths": ["src/**"]},
        {"src/a.py": "x = 1\n"},
        MISSING,
    ),
    "tracked": (
        {"type": "git", "tracked": "data/manifest.json"},
        {"data/manifest.json": "{}"},
        FOUND,
    ),
    "not tracked": ({"type": "git", "tracked": "data/manifest.json"}, {"a": "x"}, MISSING),
    "ignored": (
        {"type": "git", "ignored": ["data/train/x"]},
        {".gitignore": "data/train/\n"},
        FOUND,
    ),
    "not ignored": (
        {"type": "git", "ignored": ["data/train/x"]},
        {".gitignore": "logs/\n"},
        MISSING,
    ),
    "small": ({"type": "git", "max_mb": 1}, {"a": "x"}, FOUND),
    "large": ({"type": "git", "max_mb": 1}, {"a": "x" * 1_100_000}, MISSING),
    "no secret": ({"type": "git", "secrets": True}, {"a.py": "KEY = os.environ['KEY']\n"}, FOUND),
    "a key": ({"type": "git", "secrets": True}, {"a.py": f"KEY = '{KEY}'\n"}, MISSING),
    "a password": (
        {"type": "git", "secrets": True},
        {"a.yml": "password: 'hunter2hunter2x'\n"},
        MISSING,
    ),
    "clean notebooks": ({"type": "notebooks-clean"}, {"a.ipynb": CLEAN}, FOUND),
    "notebook with output": ({"type": "notebooks-clean"}, {"a.ipynb": DIRTY}, MISSING),
    "nothing committed": ({"type": "git", "max_mb": 1}, {}, UNKNOWN),
}


@pytest.mark.parametrize(("probe", "files", "outcome"), GIT_CASES.values(), ids=GIT_CASES.keys())
def test_a_probe_of_git_finds_misses_or_cannot_tell(probe, files, outcome, tmp_path):
    finding = run(plant(tmp_path, files, git=True), probe, "data.x")

    assert finding.outcome == outcome, finding.sentence


def test_a_secret_is_never_printed(tmp_path):
    finding = run(
        plant(tmp_path, {"a.py": f"KEY = '{KEY}'\n"}, git=True), {"type": "git", "secrets": True}
    )

    assert finding.location == "a.py:1"
    assert KEY not in str(finding)


def test_newer_than_reads_commit_times(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
    plant(tmp_path, {"a.md": "x", "src/b.py": "x"}, git=True)
    probe = {"type": "newer-than", "file": "a.md", "than": ["src/**"]}
    assert run(Tree(tmp_path), probe).outcome == FOUND
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-02-01T00:00:00Z")
    plant(tmp_path, {"src/b.py": "y"}, git=True)

    assert run(Tree(tmp_path), probe).outcome == MISSING


PROVEN = {"type": "proven"}


REVIEWED = {"type": "reviewed", "paths": ["src/**"]}


def change(root: Path, name: str, message: str = "A change", **who: str) -> None:
    """A commit of one file by somebody, Ann by default."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path.read_text() if path.is_file() else ''}x = 1\n", encoding="utf-8")
    git(root, "add", "--all", **who)
    git(root, "commit", "--quiet", "--no-verify", "-m", message, **who)


def git(root: Path, *words: str, by: str = "ann") -> None:
    mine = ["-c", f"user.name={by}", "-c", f"user.email={by}@example.org"]
    subprocess.run(["git", *mine, *words], cwd=root, check=True, capture_output=True)


def merged(root: Path, *changed_by: str, by: str) -> None:
    """A branch with a change by each, merged by somebody."""
    git(root, "switch", "--quiet", "-c", "branch")
    for who in changed_by:
        change(root, "src/a.py", by=who)
    git(root, "switch", "--quiet", "main")
    git(root, "merge", "--quiet", "--no-ff", "-m", "Merge", "branch", by=by)
    git(root, "branch", "--quiet", "-d", "branch")


@pytest.fixture
def released(tmp_path):
    """A repository with one release."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    change(tmp_path, "src/a.py")
    git(tmp_path, "tag", "-a", "v0.1.0", "-m", "first")
    return tmp_path


def test_a_review_is_found_where_somebody_else_merged_or_is_named(released):
    assert run(Tree(released), REVIEWED).outcome == MISSING  # nothing to review yet
    merged(released, "ann", by="ben")
    change(released, "src/b.py", "Squashed\n\nReviewed-by: Ben <ben@example.org>")
    change(released, "docs/a.md")  # asks for no review
    found = run(Tree(released), REVIEWED)

    assert found.outcome == FOUND, found.sentence
    assert "2 changes since v0.1.0 were reviewed" in found.sentence
    git(released, "tag", "-a", "v0.2.0", "-m", "second")
    assert run(Tree(released), REVIEWED).outcome == FOUND  # of the release itself


@pytest.mark.parametrize(
    "alone",
    [
        lambda root: change(root, "src/b.py"),
        lambda root: merged(root, "ann", by="ann"),
        lambda root: merged(root, "ann", "ben", by="ben"),
        lambda root: change(root, "src/b.py", "Mine\n\nReviewed-by: Ann <ANN@example.org>"),
        lambda root: change(
            root,
            "src/b.py",
            "Ours\n\nCo-authored-by: Ben <ben@example.org>\nReviewed-by: Ben <ben@example.org>",
        ),
    ],
    ids=["pushed", "merged by its author", "by one of them", "by oneself", "by the co-author"],
)
def test_a_change_without_a_second_person_is_named(alone, released):
    merged(released, "ann", by="ben")
    alone(released)
    found = run(Tree(released), REVIEWED)

    assert found.outcome == MISSING
    assert "1 of 2 since v0.1.0 were not" in found.sentence


def test_a_review_cannot_be_known_without_the_history(released, tmp_path_factory):
    merged(released, "ann", by="ben")
    part = tmp_path_factory.mktemp("shallow") / "clone"
    git(tmp_path_factory.getbasetemp(), "clone", "-q", "--depth=1", f"file://{released}", str(part))

    assert run(Tree(part), REVIEWED).outcome == UNKNOWN
    assert run(Tree(tmp_path_factory.mktemp("none")), REVIEWED).outcome == UNKNOWN


def prove(root: Path, outcome: str) -> None:
    proofs.keep(
        root / ".checklist/proofs.json",
        proofs.identity(root),
        {("data.x", "tests/t.py::test_x"): outcome},
    )


@pytest.mark.parametrize(
    ("outcome", "found"),
    [("passed", FOUND), ("failed", MISSING), ("skipped", MISSING), ("empty", MISSING)],
)
def test_only_a_passed_test_proves(outcome, found, tmp_path):
    plant(tmp_path, {"src/shop/a.py": "x = 1\n"})
    prove(tmp_path, outcome)

    assert run(Tree(tmp_path), PROVEN, "data.x").outcome == found
    assert run(Tree(tmp_path), PROVEN, "data.y").outcome == MISSING


SHIPPED = {"data.x": ["tests/t.py::test_x", "tests/t.py::test_y"]}


def proven(root: Path, *results: tuple[str, str, bool]) -> Finding:
    """What the probe finds after these (test, outcome, ran) of item data.x."""
    plant(root, {"src/shop/a.py": "x = 1\n"})
    outcomes = {("data.x", name): outcome for name, outcome, _ in results}
    ran = {name: ran for name, _, ran in results}
    proofs.keep(root / ".checklist/proofs.json", proofs.identity(root), outcomes, ran)
    return run(Tree(root, shipped=SHIPPED), PROVEN, "data.x")


X, Y, MINE = "tests/t.py::test_x[1]", "tests/t.py::test_y", "tests/mine.py::test_z"


def test_shipped_and_own_proofs_are_counted_apart(tmp_path):
    shipped = proven(tmp_path / "a", (X, "passed", False), (Y, "passed", True))
    mixed = proven(tmp_path / "b", (X, "passed", True), (Y, "passed", True), (MINE, "passed", True))
    own = proven(tmp_path / "c", (MINE, "passed", True))

    assert (shipped.n_own, shipped.sentence) == (0, f"2 shipped passed: {X}")
    assert (mixed.n_own, mixed.sentence) == (1, f"2 shipped and 1 own passed: {MINE}")
    assert (own.n_own, own.sentence) == (1, f"1 own passed: {MINE}; tests/t.py::test_x is gone")


@pytest.mark.parametrize(
    ("results", "word"),
    [
        ([(X, "passed", True)], "tests/t.py::test_y did not run"),
        ([(X, "passed", True), (Y, "skipped", True)], "was skipped"),
        ([(X, "passed", True), (Y, "passed", True), (MINE, "skipped", True)], "was skipped"),
        ([(MINE, "passed", False)], "runs no code below src/"),
        ([(MINE, "not-applicable", True)], "which only a shipped test may"),
        ([(X, "passed", True), (Y, "failed", True)], "failed"),
    ],
)
def test_a_test_that_did_not_pass_leaves_its_item_open(tmp_path, results, word):
    found = proven(tmp_path, *results)

    assert found.outcome == MISSING
    assert word in found.sentence


def test_a_shipped_test_that_cannot_apply_does_not_block(tmp_path):
    half = proven(tmp_path / "a", (X, "passed", True), (Y, "not-applicable", False))
    none = proven(tmp_path / "b", (X, "not-applicable", False), (Y, "not-applicable", False))

    assert (half.outcome, half.sentence) == (FOUND, f"1 shipped passed: {X}")
    assert (none.outcome, none.sentence) == (FOUND, f"not applicable here: {X}")


@pytest.mark.parametrize(
    ("tests", "outcome"),
    [
        ({"a": "passed", "b": "skipped", "c": "passed"}, FOUND),
        ({"a": "passed"}, MISSING),
        ({"a": "passed", "b": "passed", "c": "failed"}, MISSING),
    ],
)
def test_a_run_of_all_tests_proves_unit_tests(tmp_path, tests, outcome):
    plant(tmp_path, {"src/shop/a.py": "x = 1\n"})
    proofs.keep(tmp_path / ".checklist/proofs.json", proofs.identity(tmp_path), {}, {}, tests)

    assert run(Tree(tmp_path), {"type": "suite", "min": 2}).outcome == outcome


@pytest.mark.parametrize(
    "name", ["src/shop/a.py", "tests/t.py", "conf/default.yaml", "data/manifest.json"]
)
def test_a_proof_is_about_one_tree(name, tmp_path):
    plant(tmp_path, {name: "x"})
    prove(tmp_path, "passed")
    assert run(Tree(tmp_path), PROVEN, "data.x").outcome == FOUND
    plant(tmp_path, {name: "y"})

    assert run(Tree(tmp_path), PROVEN, "data.x").outcome == UNKNOWN


def test_a_committed_report_proves_nothing(tmp_path):
    prove(tmp_path, "passed")
    plant(tmp_path, {"a": "x"}, git=True)

    assert run(Tree(tmp_path), PROVEN, "data.x").outcome == MISSING


@pytest.mark.parametrize(
    "forged", ["[]", "{}", '{"trees": {}, "results": [1]}', "{" * 10_000, "\xff"]
)
def test_a_report_that_is_none_proves_nothing(forged, tmp_path):
    plant(tmp_path, {".checklist/proofs.json": forged})

    assert run(Tree(tmp_path), PROVEN, "data.x").outcome == UNKNOWN


def fresh_tree(root: Path) -> None:
    plant(root, {"src/a.py": "x", "conf/default.yaml": "seed: 1\n"})
    manifest = {"files": [{"sha256": "o"}], "split": {"parts": {"train": {"sha256": "t"}}}}
    report = {
        "trees": {"src": tree_id(root, "src"), "conf": tree_id(root, "conf")},
        "data": {"original": "o", "train": "t"},
    }
    plant(
        root, {"data/manifest.json": json.dumps(manifest), "reports/run.json": json.dumps(report)}
    )


def test_a_report_is_fresh_while_code_conf_and_data_stay(tmp_path):
    fresh_tree(tmp_path)

    assert run(Tree(tmp_path), {"type": "fresh", "file": "reports/run.json"}).outcome == FOUND


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/a.py", "y"),
        ("conf/default.yaml", "seed: 2\n"),
        (
            "data/manifest.json",
            '{"files": [{"sha256": "o"}], "split": {"parts": {"train": {"sha256": "u"}}}}',
        ),
        (
            "data/manifest.json",
            '{"files": [{"sha256": "p"}], "split": {"parts": {"train": {"sha256": "t"}}}}',
        ),
    ],
)
def test_a_report_of_other_code_conf_or_data_is_not_fresh(name, text, tmp_path):
    fresh_tree(tmp_path)
    plant(tmp_path, {name: text})

    assert run(Tree(tmp_path), {"type": "fresh", "file": "reports/run.json"}).outcome == MISSING


def test_a_probe_does_not_follow_a_link_out_of_the_project(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.md").write_text("x")
    (tmp_path / "in/a.md").symlink_to("../out.md")

    assert run(Tree(tmp_path / "in"), {"type": "file", "file": "a.md"}).outcome == MISSING


def test_an_owner_may_keep_a_document_elsewhere(tmp_path):
    plant(tmp_path, {"doc/card.md": CARD, "doc/adr/1.md": DECISION.format(status="accepted")})
    tree = Tree(tmp_path, paths={"docs/data-card.md": "doc/card.md", "docs/decisions/": "doc/adr/"})

    assert (
        run(tree, {"type": "heading", "file": "docs/data-card.md", "heading": "Licence"}).outcome
        == FOUND
    )
    assert run(tree, {"type": "decision", "about": "model"}).outcome == FOUND


def test_the_keys_of_every_probe_are_its_arguments():
    for name, kind in PROBES.items():
        parameters = inspect.signature(kind.function).parameters.values()
        taken = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        loose = any(p.kind is p.VAR_KEYWORD for p in parameters)
        known = {key.rstrip("_") for key in kind.keys}
        assert taken <= known, name
        assert loose or known <= taken, name


def test_every_probe_has_a_sentence():
    for name, kind in PROBES.items():
        written = kind.sentence
        assert " must " in written or written.startswith("Only ") or name == "text", name


def test_every_probe_is_tried():
    tried = {case[0].get("type") for case in [*CASES.values(), *GIT_CASES.values()]}

    assert set(PROBES) - tried == set()
