"""Kind of data `series`: own series by conf/ alone, forecasts with intervals, faults are found."""

from __future__ import annotations

import csv
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Render, copy_installed, run

HERE = Path(__file__).parent
# What is wrong -> (module, the code, what stands there instead, shipped tests that see it).
FAULTS = {
    "the value after the origin in the history": (
        "dataloader/examples.py",
        "_histories(grid[data.target], at, data, HISTORY)",
        "_histories(grid[data.target], at + 1, data, HISTORY)",
        "tests/dataloader/test_leakage.py",
    ),
    "spreads learnt from valid as well": (
        "model/predictor.py",
        "X = preprocessor.fit(table).transform(table)",
        "seen = table if valid is None else pl.concat([table, valid.select(columns)])\n"
        "    X = preprocessor.fit(seen).transform(table)",
        "tests/model/test_behaviour.py",
    ),
    "the target scaled twice": (
        "model/forecasters.py",
        "np.asarray((y - X[:, LEVEL]) / X[:, SPREAD])",
        "np.asarray((y - X[:, LEVEL]) / X[:, SPREAD] ** 2)",
        "tests/model/test_behaviour.py",
    ),
    "the level forgotten in a prediction": (
        "model/forecasters.py",
        "return np.asarray(found * X[:, SPREAD] + X[:, LEVEL])",
        "return np.asarray(found * X[:, SPREAD])",
        "tests/evaluation/test_backtest.py",
    ),
    "intervals from the errors of train": (
        "model/predictor.py",
        "preprocessor.calibrate(valid, y_valid, model.predict(valid))",
        "preprocessor.calibrate(rows, y, model.predict(rows))",
        "tests/evaluation/test_backtest.py",
    ),
    "the future of test in train": (
        "dataloader/split.py",
        "pl.when(times >= test_from)",
        "pl.when(times.dt.month() == 1)",
        "tests/dataloader/test_split.py",
    ),
}
# The others with the slow tests.
QUICK = ("the target scaled twice",)
EVERY = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in FAULTS]


@pytest.fixture(scope="module")
def installed(installed_project: Callable[..., Path]) -> Path:
    """A project of series, with its packages."""
    return installed_project(data="series", components=["batch", "serve"])


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """A copy, to change."""
    return copy_installed(installed, tmp_path / "project")


def shipped(project: Path, *tests: str) -> str:
    """Run tests that the project received; returns what they print."""
    command = (str(project / ".venv/bin/pytest"), "-q", "-p", "no:cacheprovider", *tests)
    done = run(*command, cwd=project, check=False, OMP_NUM_THREADS="1")
    return done.stdout + done.stderr


def test_own_series_are_read_suspected_forecast_and_served(project):
    (project / "tests/conftest.py").unlink()
    shutil.copy2(HERE / "in_project/check_series.py", project / "tests/test_own_series.py")
    shutil.copy2(HERE / "elnino.csv", project)

    text = shipped(project, "tests/test_own_series.py")

    assert " passed" in text
    assert "failed" not in text, text


@pytest.mark.parametrize("fault", EVERY)
def test_a_fault_in_the_code_fails_a_shipped_test(project, fault):
    module, before, after, tests = FAULTS[fault]
    path = project / "src/my_model" / module
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))

    assert "failed" in shipped(project, tests)


def write_own(path: Path) -> None:
    """Two shops of different lengths with a trend, a season, and a holiday that is known."""
    draw, rows = random.Random(0), []
    for shop, first in {"north": 0, "south": 60}.items():
        for t in range(first, 300):
            sold = 100 + 0.1 * t + 10 * math.sin(2 * math.pi * t / 12) + draw.gauss(0, 1)
            month = f"{1980 + t // 12}-{t % 12 + 1:02}-01"
            rows.append((shop, month, round(sold, 3), int(t % 12 == 11)))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("shop", "month", "sold", "holiday"), *rows])


def test_the_shipped_tests_hold_after_five_edits(project):
    """Source, model, loss, metric and lag feature."""
    write_own(project / "own.csv")
    changes = {
        "file: sample": "file: own.csv",
        "target: co2": "target: sold",
        "entity: null": "entity: shop",
        "future: []": "future: [holiday]",
        "model: ridge": "model: trees",
        "metric: mae": "metric: mase",
        "gap: 0": "gap: 31",
    }
    conf, source = project / "conf/default.yaml", project / "src/my_model"
    text = conf.read_text()
    for before, after in changes.items():
        assert text.count(f"{before} #") == 1, before
        text = text.replace(f"{before} #", f"{after} #")
    conf.write_text(text.replace("\nmodels:\n", "\nmodels:\n  trees: {loss: absolute_error}\n"))
    added = {
        "model/estimators.py": """

def _trees(task: str, parameters: dict[str, Any], weight: Any, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(random_state=seed, **parameters)


ESTIMATORS["trees"] = Estimator(_trees, native=True)
""",
        "evaluation/metrics.py": """
METRICS["mape"] = Metric(
    lambda y, p, s: sk.mean_absolute_percentage_error(y, p), NUMBERS, greater_is_better=False
)
""",
    }
    for name, code in added.items():
        (source / name).write_text((source / name).read_text() + code)
    features, past = source / "model/features.py", 'pl.col("history").list'
    change = f"    return table.with_columns(change={past}.get(-1) - {past}.get(-13))"
    features.write_text(features.read_text().replace("    return table", change))

    folders = ("dataloader", "model", "executor", "evaluation", "batch")
    text = shipped(project, *(f"tests/{name}" for name in folders))

    assert " passed" in text
    assert "failed" not in text, text


def test_a_task_of_classes_is_refused_before_anything_is_written(rendered: Render):
    with pytest.raises(Exception, match="task must be regression"):
        rendered(data="series", task="classification")
