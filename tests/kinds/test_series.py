"""Forecasts: planted faults are found, own files need conf alone, naive wins where it should."""

import csv
import json
import math
import random
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Render, run

HERE = Path(__file__).parent
Row = Sequence[object]


@pytest.fixture(scope="module")
def installed(installed_project: Callable[..., Path]) -> Path:
    """A project of series, with its packages."""
    return installed_project(data="series")


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """A copy, to change."""
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__")
    copied = Path(shutil.copytree(installed, tmp_path / "project", ignore=ignored))
    (copied / ".venv").symlink_to(installed / ".venv")
    return copied


def command(project: Path, *words: str, code: int = 0) -> str:
    """Run a command of the project on the source of this copy; returns what it prints."""
    python = str(project / ".venv/bin/python")
    source = {"PYTHONPATH": str(project / "src"), "OMP_NUM_THREADS": "1"}
    done = run(python, "-m", "my_model", *words, cwd=project, check=False, **source)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def shipped(project: Path, *tests: str) -> str:
    """Run tests that the project received; returns what they print."""
    pytest_ = str(project / ".venv/bin/pytest")
    source = {"PYTHONPATH": str(project / "src"), "OMP_NUM_THREADS": "1"}
    done = run(pytest_, "-q", "-p", "no:cacheprovider", *tests, cwd=project, check=False, **source)
    return done.stdout + done.stderr


def months(n: int) -> list[str]:
    return [f"{1980 + place // 12}-{place % 12 + 1:02}-01" for place in range(n)]


def values(n: int, seed: int = 0, level: float = 100.0, trend: float = 0.1) -> list[float]:
    """A level, a trend, a season of twelve steps and noise."""
    draw = random.Random(seed)
    season = [10 * math.sin(2 * math.pi * place / 12) for place in range(n)]
    return [round(level + trend * t + season[t] + draw.gauss(0, 1), 3) for t in range(n)]


def write(project: Path, header: str, rows: Iterable[Row]) -> None:
    with (project / "own.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])


def own(**more: object) -> list[str]:
    """The words that name own.csv instead of the sample."""
    keys = {"file": "own.csv", "target": "sold", "time": "month", **more}
    return [f"data.{key}={value}" for key, value in keys.items()]


def suspects(project: Path) -> list[tuple[str, str]]:
    """(fault, severity) of what `prepare` found."""
    found = json.loads((project / "reports/profile.json").read_text())["suspects"]
    return [(one["fault"], one["severity"]) for one in found]


def newest_report(project: Path) -> str:
    return max(project.glob("logs/*/report.html")).read_text(encoding="utf-8")


def backtest(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "reports/evaluation.json").read_text())["backtest"])


def test_the_shipped_default_beats_seasonal_naive_and_reports_each_horizon(project):
    command(project, "train")
    command(project, "evaluate")
    found = backtest(project)

    assert found["gain"]["low"] > 0.5
    assert found["mase"]["model"] < 0.6 < 1.3 < found["mase"]["seasonal"]
    assert [one["horizon"] for one in found["horizons"]] == list(range(1, 13))
    assert all(0.75 < one["coverage"] <= 1 for one in found["horizons"])
    text = command(project, "predict", "data/original/co2.csv", "forecast.csv")
    assert "12 rows" in text
    rows = [*csv.DictReader((project / "forecast.csv").open())]
    assert [row["month"][:7] for row in rows] == [f"2002-{month:02}" for month in range(1, 13)]
    assert all(abs(float(row["prediction"]) - 372) < 6 for row in rows)


ANOTHER_LEVEL = """
import pathlib, numpy as np, polars as pl
from my_model.dataloader.manifest import read_part
from my_model.model import store
from my_model.utils import runs
root = pathlib.Path(".")
model, rows = store.load(runs.find(root).folder)[0], read_part(root, "valid")
moved = rows.with_columns(pl.col("history").list.eval(pl.element() * 3 + 50))
found, expected = model.predict(moved).y_pred, model.predict(rows).y_pred * 3 + 50
assert np.allclose(found, expected, rtol=1e-4), np.abs(found - expected).max()
"""


@pytest.mark.parametrize("model", ["ridge", "boosting", "smoothing"])
def test_a_series_of_another_size_and_level_has_the_same_forecast_there(project, model):
    command(project, "train", f"model={model}")
    python, source = str(project / ".venv/bin/python"), str(project / "src")

    run(python, "-c", ANOTHER_LEVEL, cwd=project, PYTHONPATH=source)


def test_where_nothing_beats_naive_the_report_says_so(project):
    shutil.copyfile(HERE / "elnino.csv", project / "elnino.csv")
    words = ["data.file=elnino.csv", "data.target=sea"]
    command(project, "train", *words)
    command(project, "evaluate")

    assert backtest(project)["gain"]["low"] < 0
    assert "seasonal naive" in command(project, "evaluate")


def test_a_clean_series_has_no_suspicion(project):
    write(project, "month,sold", zip(months(300), values(300), strict=True))
    command(project, "prepare", *own())

    assert suspects(project) == []


@pytest.mark.parametrize("lag", [0, 3, -5])
def test_a_covariate_that_knows_the_target_or_its_future_is_a_leak(project, lag):
    sold = values(330)
    known = [round(sold[t + 10 + lag] * 2 + 1, 3) for t in range(300)]
    rows = [*zip(months(300), sold[10:310], known, strict=True)]
    del rows[100:102]
    write(project, "month,sold,planned", rows)
    command(project, "prepare", *own(future="[planned]"))

    assert suspects(project)[0] == ("future covariate", "leak")


def test_a_holiday_or_the_season_itself_is_no_leak_and_the_past_of_one_is_none(project):
    sold = values(300)
    holiday = [int(place % 12 == 11) for place in range(300)]
    warm = [round(20 * math.sin(2 * math.pi * (place + 2) / 12), 2) for place in range(300)]
    rows = zip(months(300), sold, holiday, warm, [one * 2 for one in sold], strict=True)
    write(project, "month,sold,holiday,warm,copy", rows)
    command(project, "prepare", *own(future="[holiday,warm]"))

    assert suspects(project) == []


def test_gaps_and_negative_values_are_named(project):
    rows = [*zip(months(300), values(300), strict=True)]
    rows[150] = (rows[150][0], -3)
    write(project, "month,sold", [row for place, row in enumerate(rows) if place not in (80, 81)])
    text = command(project, "prepare", *own())

    assert ("gaps", "ask") in suspects(project)
    assert ("negative", "ask") in suspects(project)
    assert "2 of " in text
    assert "after '1986-08-01'" in text


@pytest.mark.parametrize(("factor", "shift"), [(100, 0), (1, 40)])
def test_a_change_of_unit_or_of_level_is_named(project, factor, shift):
    sold = values(300)
    spoiled = [one * factor + shift if place >= 180 else one for place, one in enumerate(sold)]
    write(project, "month,sold", zip(months(300), spoiled, strict=True))
    command(project, "prepare", *own())

    assert "level" in {fault for fault, _ in suspects(project)}


def test_two_values_of_one_step_are_refused_by_row(project):
    rows = [*zip(months(300), values(300), strict=True)]
    write(project, "month,sold", [*rows, ("1990-05-01", 7)])

    assert "own.csv row 301: a second value at month 1990-05" in command(
        project, "prepare", *own(), code=2
    )


def test_a_time_between_two_steps_and_a_value_that_is_no_number_are_refused_by_row(project):
    days = [f"2024-01-{day:02} 00:00" for day in range(1, 31)]
    rows = [*zip(days, values(30), strict=True)]
    words = own(step="1d", history=7, season=7, horizon=2, expected_rows_min=1)
    write(project, "month,sold", [*rows[:9], ("2024-01-10 06:00", 3), *rows[10:]])
    text = command(project, "prepare", *words, code=2)
    assert "row 10: month 2024-01-10 06:00" in text

    write(project, "month,sold", [*rows[:9], (days[9], "many"), *rows[10:]])
    text = command(project, "prepare", *words, code=2)
    assert "own.csv row 10: sold must be a number, got many" in text


def test_a_split_by_hash_and_a_transformed_target_are_refused(project):
    text = command(project, "prepare", "data.split.by=hash", "data.split.column=null", code=2)
    assert "by: time, or by: group" in text
    text = command(project, "prepare", "train.target_transform=log", code=2)
    assert "train.target_transform must be null" in text


def test_entities_of_different_lengths_are_forecast_and_late_ones_are_named(project):
    lengths = {"north": (300, 0), "south": (200, 100), "new": (40, 260), "young": (8, 292)}
    rows = [
        (shop, month, sold)
        for shop, (n, first) in lengths.items()
        for month, sold in zip(months(300)[first:], values(n, level=50 + n), strict=True)
    ]
    write(project, "shop,month,sold", rows)
    text = command(project, "train", *own(entity="shop"))
    assert "no forecast of young" in text
    assert ("late start", "ask") in suspects(project)
    command(project, "evaluate")
    page = newest_report(project)
    assert re.findall(r"Forecasts of (\w+)", page) == ["new", "north", "south"]

    command(project, "predict", "own.csv", "forecast.csv", *own(entity="shop"))
    found = [*csv.DictReader((project / "forecast.csv").open())]
    assert [row["shop"] for row in found] == [shop for shop in sorted(lengths) for _ in range(12)][
        :36
    ]


def test_too_few_origins_give_no_interval_and_the_number_that_is_needed(project):
    write(project, "month,sold", zip(months(90), values(90), strict=True))
    words = own(horizon=3, expected_rows_min=1, interval=0.95)
    command(project, "train", *words)
    command(project, "evaluate", *words)

    assert "needs 19 origins in valid" in backtest(project)["no_interval"]
    assert all(one["coverage"] is None for one in backtest(project)["horizons"])


FAULTS = {
    "the value after the origin in the history": (
        "dataloader/examples.py",
        "_lists(past[origin], HISTORY)",
        "_lists(past[np.minimum(origin + 1, len(past) - 1)], HISTORY)",
        "tests/dataloader/test_leakage.py",
    ),
    "spreads learnt from valid as well": (
        "model/predictor.py",
        "X = preprocessor.fit(table).transform(table)",
        "seen = table if valid is None else pl.concat([table, valid.select(columns)])\n"
        "    X = preprocessor.fit(seen).transform(table)",
        "tests/executor/test_train.py",
    ),
    "the level forgotten in a prediction": (
        "model/relative.py",
        "return np.asarray(found * X[:, SPREAD] + X[:, LEVEL])",
        "return np.asarray(found * X[:, SPREAD])",
        "tests/evaluation/test_backtest.py",
    ),
    "the future of test in train": (
        "dataloader/split.py",
        "pl.when(times >= test_from)",
        "pl.when(times.dt.month() == 1)",
        "tests/dataloader/test_split.py",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_code_fails_a_shipped_test(project, fault):
    module, before, after, tests = FAULTS[fault]
    path = project / "src/my_model" / module
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))

    assert "failed" in shipped(project, tests)


def test_the_shipped_tests_hold_after_five_edits(project):
    """Model, metric, lag feature, split and source."""
    lengths = {"north": 300, "south": 240}
    rows = [
        (shop, month, sold, int(month[5:7] == "12"))
        for shop, n in lengths.items()
        for month, sold in zip(months(300)[300 - n :], values(n, seed=n), strict=True)
    ]
    write(project, "shop,month,sold,holiday", rows)
    conf = project / "conf/default.yaml"
    text = conf.read_text()
    changes = {
        "file: sample": "file: own.csv",
        "target: co2": "target: sold",
        "entity: null": "entity: shop",
        "future: []": "future: [holiday]",
        "model: ridge": "model: boosting",
        "metric: mae": "metric: rmse",
        "gap: 0": "gap: 31",
    }
    for before, after in changes.items():
        assert text.count(f"{before} #") == 1, before
        text = text.replace(f"{before} #", f"{after} #")
    conf.write_text(text)
    features = project / "src/my_model/model/features.py"
    past = 'pl.col("history").list'
    change = f"    return table.with_columns(change={past}.get(-1) - {past}.get(-13))"
    features.write_text(features.read_text().replace("    return table", change))

    text = shipped(project, "tests")
    assert "passed" in text
    assert "failed" not in text


def test_a_task_of_classes_is_refused_before_anything_is_written(rendered: Render):
    with pytest.raises(Exception, match="task must be regression"):
        rendered(data="series", task="classification")
