"""Of a large table `make test` proves the data on all rows, and the model on a cut of its parts.

The limit is lowered, so that 3,000 rows are a large table.
"""

from __future__ import annotations

import csv
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import copy_installed, run
from tests.generated.test_models import configure

N_ROWS, LIMIT, N_SHOPS = 3000, 1000, 300
CUT = """
import polars as pl
import pytest


@pytest.fixture(params=["train", "valid", "test"])
def rows(request, shared, whole):
    return shared.part(request.param), whole.part(request.param)


def test_the_cut_has_whole_groups_in_the_order_of_the_file(rows):
    some, every = rows
    assert some.equals(every.filter(pl.col("shop").is_in(some["shop"].unique().implode())))
    assert some["_row"].is_sorted()


def test_the_cut_is_smaller_and_keeps_rows_of_each_class(rows):
    some, every = rows
    assert len(some) < 0.8 * len(every)
    for label in ("high", "low", "rare"):
        assert (some["label"] == label).sum() >= min(10, (every["label"] == label).sum()) > 0
"""


@pytest.fixture
def project(installed_project: Callable[..., Path], tmp_path: Path) -> Path:
    """A project whose tests take 3,000 rows of 300 shops for a large table."""
    project = copy_installed(installed_project(), tmp_path / "project")
    conftest = project / "tests" / "conftest.py"
    text = conftest.read_text(encoding="utf-8")
    before = "MAX_ROWS, MIN_OF_CLASS = 50_000, 100"
    assert before in text
    after = f"MAX_ROWS, MIN_OF_CLASS = {LIMIT}, 10"
    conftest.write_text(text.replace(before, after), encoding="utf-8")
    (project / "tests" / "test_cut.py").write_text(CUT, encoding="utf-8")
    configure(project, file="rows.csv", target="label", by="group", column="shop")
    return project


def write_rows(path: Path, *, leak: bool) -> None:
    """One class in thirty rows; `leak` adds a column that knows the class."""
    generator = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["shop", "width", "height", "label", *(["code"] if leak else [])])
        for _ in range(N_ROWS):
            width, height = generator.gauss(10, 2), generator.gauss(5, 1)
            score = (width - 10) / 2 + height - 5 + generator.gauss(0, 0.3)
            label = "rare" if score > 2.6 else "high" if score > 0 else "low"
            code = {"low": 3, "high": 10, "rare": 17}[label]
            shop = f"shop {generator.randrange(N_SHOPS)}"
            cells = [shop, f"{width:.4f}", f"{height:.4f}", label]
            writer.writerow([*cells, *([code] if leak else [])])


def run_tests(project: Path, *paths: str) -> subprocess.CompletedProcess[str]:
    """Some of the project's tests."""
    pytest_of = (".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    return run(*pytest_of, *paths, cwd=project, check=False, OMP_NUM_THREADS="1")


def test_all_tests_hold_on_a_cut_that_keeps_groups_whole_and_every_class(project: Path) -> None:
    write_rows(project / "rows.csv", leak=False)
    done = run_tests(project)

    assert done.returncode == 0, done.stdout[-3000:]


def test_a_leak_in_a_large_table_is_found(project: Path) -> None:
    write_rows(project / "rows.csv", leak=True)
    done = run_tests(project, "tests/dataloader/test_leakage.py", "tests/test_cut.py")

    red = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    where = "tests/dataloader/test_leakage.py::test_no_"
    assert red == [
        f"{where}feature_alone_gives_the_target_away",
        f"{where}leak_that_prepare_found_stands",
    ], done.stdout[-3000:]
    assert "[['code']], each alone, give 'label' away" in done.stdout
