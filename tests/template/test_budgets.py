"""A rendered project stays within its budget: lines, modules, lines of tests, files.

Counted: every `*.py` outside hooks/, wherever it lies. An `__init__.py` without code is no module.
A limit is raised in the same commit as the code that needs it, with the reason.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, Render

LONGEST_MEAN_LINE = 60
LONGEST_IN_A_MODULE = 64  # a module may hold a few long sentences; the whole may not


@dataclass(frozen=True)
class Budget:
    """Limits: lines of Python that is no test, its modules, lines of tests."""

    lines: int
    modules: int
    test_lines: int


# 0.3.1 had 5,400 lines in 89 modules (poc) and 17,300 in 211 (mvp), and 7,200 of tests.
# The look at the data has 1,630 lines in 14 modules: 16 kinds of fault at about 60 lines each, how
# a suspicion is printed, settled and shown on a page, and cells with units or several formats.
# Models have 430 lines in 3 modules more: comparison on folds with intervals, a curve over repeats,
# baselines of time, transforms of the target, and weights.
# 220 lines in five modules more ask the kind of data, where tables alone were known: its keys, its
# examples, lists of numbers, limits of texts, and what its report shows.
# 20 lines more hold what a forecast has beside it: its scale, its interval, and its time.
# Of an mvp 12 lines make a trial of `tune` shorter than a training, which a network needs.
# 70 lines in one module more: the engine of a command, found by its name, and all fits of `compare`
# as one list of tasks that an engine may spread.
POC = Budget(5760, 61, 750)
MVP = Budget(8320, 90, 1440)
# Of the lines above an mvp 1,060 are explain, fairness and drift, and 4,140 in 49 modules the seven
# components of scaffold production. The aim was 3,500 in 45. What stands above it was asked for:
# seasons, skew by cell and feature, an estimate before labels (monitor); the label guard and the
# slow guard of a canary, versions of other code refused (rollout); keys, the trail's chain, attacks
# and the technical file (govern).
PRODUCTION = Budget(13600, 151, 2630)
COMPONENTS = {
    "tune": Budget(280, 3, 70),
    "registry": Budget(490, 8, 100),
    "serve": Budget(1290, 12, 380),
    "batch": Budget(260, 2, 80),
    "ship": Budget(270, 4, 60),
    "worker": Budget(160, 2, 110),
    # The loop and its checkpoints 250, several processes 110, losses 100, the estimator 160,
    # `learning-rate` 85, weights of a file 45. The audit of a network is in the tests.
    "torch": Budget(920, 11, 220),
    "lightgbm": Budget(0, 0, 0),
    "xgboost": Budget(40, 1, 0),
    # The cluster and its tasks 280; networks on its workers 170, the service's replicas 90, which
    # come with torch and with serve.
    "ray": Budget(540, 6, 90),
    "explain": Budget(680, 7, 120),
    "fairness": Budget(250, 3, 60),
    "drift": Budget(160, 2, 40),
    "runs": Budget(150, 3, 60),
    "mlflow": Budget(120, 2, 40),
    "docs": Budget(150, 3, 0),
    "monitor": Budget(1070, 11, 200),
    "rollout": Budget(710, 8, 210),
    "retrain": Budget(310, 3, 100),
    "govern": Budget(1020, 12, 280),
    "audit": Budget(440, 5, 40),
    "inspect": Budget(270, 4, 100),
    # Five commands, the settings, and a copy of the project to measure without a trace.
    "operate": Budget(410, 6, 90),
}
# A kind of data, without what is rendered: its estimators.py and its tests. Issue 14 allows 900.
KINDS = {
    "table": Budget(860, 11, 120),
    # Seven kinds of fault of images 190, reading and drawing them 140, the sample and folders 110.
    "image": Budget(900, 10, 190),
    # Seven kinds of fault of texts and labels have 270, an encoder that takes weights of the BERT
    # family 100, and the report's words and integrated gradients 110.
    "text": Budget(910, 12, 150),
    # Examples of histories 260, faults of series 120, features relative to a level, scales and
    # intervals 260, smoothing, naive forecasts and ONNX 160, a back-test with pictures 110.
    "series": Budget(1020, 9, 210),
}
# 6,710 lines until drafts, declines, bounds of numbers, proofs that a machine saw run, the judge of
# a pull request and probes of other layouts came. Neither dead code nor four equal lines are left.
# Then 110 for reviews in the history of git, equal values, and what a person signs in a view.
# And 20 for the facts that the answers of the template give.
TOOL = Budget(8140, 71, 0)
# Of 197 of a poc 80 are hooks/ (tool, updates), 32 checklist/catalog/ (schemas, views), 48 source;
# of 267 of an mvp 80, 32 and 76. The rest is configuration, documents and tests.
FILES = {"poc": 225, "mvp": 297, "production": 440}


def has_code(path: Path) -> bool:
    """Whether a module holds more than a docstring."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return bool([node for node in body if not _is_text(node)])


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def modules(folder: Path) -> list[Path]:
    """The Python files below `folder` that count."""
    found = [path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts]
    return [path for path in found if path.name != "__init__.py" or has_code(path)]


def n_lines(paths: list[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def measure(project: Path) -> Budget:
    """What a rendered project has."""
    found = [
        p for p in modules(project) if p.relative_to(project).parts[0] not in ("hooks", ".venv")
    ]
    tests = [path for path in found if path.relative_to(project).parts[0] == "tests"]
    source = [path for path in found if path not in tests]
    return Budget(n_lines(source), len(source), n_lines(tests))


def exceeded(found: Budget, limit: Budget) -> list[str]:
    return [
        f"{name}: {getattr(found, name)} > {getattr(limit, name)}"
        for name in ("lines", "modules", "test_lines")
        if getattr(found, name) > getattr(limit, name)
    ]


@pytest.mark.parametrize(
    ("scaffold", "limit"), [("poc", POC), ("mvp", MVP), ("production", PRODUCTION)]
)
def test_a_scaffold_stays_within_its_budget(rendered: Render, scaffold, limit):
    assert exceeded(measure(rendered(scaffold=scaffold)), limit) == []


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_stays_within_its_budget(component):
    folder = ROOT / "template" / f"{{{{ {component} }}}}"
    found = measure(folder)

    assert exceeded(found, COMPONENTS[component]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_data_stays_within_its_budget(kind):
    found = measure(ROOT / "template" / f"{{{{ {kind} }}}}")

    assert exceeded(found, KINDS[kind]) == []


@pytest.mark.parametrize(("scaffold", "limit"), FILES.items())
def test_a_project_has_few_files(rendered: Render, scaffold, limit):
    project = rendered(scaffold=scaffold)

    assert len([path for path in project.rglob("*") if path.is_file()]) <= limit


def test_the_checklist_tool_stays_within_its_budget(rendered: Render):
    found = modules(rendered(scaffold="checklist") / "hooks")

    assert exceeded(Budget(n_lines(found), len(found), 0), TOOL) == []


def mean_line(paths: list[Path]) -> float:
    """Characters of a line that is not blank, on average."""
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    filled = [line for line in lines if line.strip()]
    return sum(map(len, filled)) / max(len(filled), 1)


@pytest.mark.parametrize("scaffold", ["poc", "mvp", "production"])
def test_no_line_budget_is_met_by_dense_lines(rendered: Render, scaffold: str):
    found = modules(rendered(scaffold=scaffold))
    # A module of a few lines may be one long sentence.
    dense = [p.name for p in found if n_lines([p]) >= 10 and mean_line([p]) > LONGEST_IN_A_MODULE]

    assert dense == []
    assert mean_line(found) <= LONGEST_MEAN_LINE


def test_every_component_has_a_budget():
    table = yaml.safe_load((ROOT / "components.yml").read_text(encoding="utf-8"))

    assert list(COMPONENTS) == list(table["components"])
