"""Data of kind series, in a project and in its environment: own series, and faults in them."""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import random
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from my_model import main
from my_model.dataloader.manifest import read_part
from my_model.evaluation.metrics import METRICS, evaluate_metric
from my_model.model import store
from my_model.utils import runs

ROOT = Path(__file__).resolve().parents[1]
SHOPS = {"north": (300, 0), "south": (200, 100), "new": (40, 260), "young": (8, 292)}


class Project:
    """A copy of the project, for own.csv."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *argv: str) -> SimpleNamespace:
        """A command, in this process."""
        out, err = io.StringIO(), io.StringIO()
        printed = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
        with contextlib.chdir(self.root), printed[0], printed[1]:
            code = main.main(argv)
        return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())

    def done(self, *argv: str) -> str:
        """What a command prints that must succeed."""
        found = self.run(*argv)
        assert found.code == 0, found.out + found.err
        return str(found.out)

    def refused(self, *argv: str) -> str:
        """Why a command is refused."""
        found = self.run(*argv)
        assert found.code == 2, found.out + found.err
        return str(found.err)

    def write(self, header: str, rows: Iterable[Sequence[object]]) -> None:
        with (self.root / "own.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header.split(","), *rows])

    def suspects(self) -> list[tuple[str, str]]:
        """(fault, severity) of what `prepare` found."""
        found = json.loads((self.root / "reports/profile.json").read_text())["suspects"]
        return [(one["fault"], one["severity"]) for one in found]

    def evaluation(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "reports/evaluation.json").read_text()))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that has not run."""
    for folder in ("conf", "src"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return Project(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample, trained, evaluated and registered. To read."""
    root = tmp_path_factory.mktemp("trained") / "project"
    for folder in ("conf", "src"):
        shutil.copytree(ROOT / folder, root / folder)
    for command in ("train", "evaluate", "register"):
        Project(root).done(command)
    return Project(root)


def months(n: int) -> list[str]:
    return [f"{1980 + place // 12}-{place % 12 + 1:02}-01" for place in range(n)]


def values(n: int, seed: int = 0, level: float = 100.0, trend: float = 0.1) -> list[float]:
    """A level, a trend, a season of twelve steps and noise."""
    draw = random.Random(seed)
    season = [10 * math.sin(2 * math.pi * place / 12) for place in range(n)]
    return [round(level + trend * t + season[t] + draw.gauss(0, 1), 3) for t in range(n)]


def monthly(n: int) -> list[tuple[str, float]]:
    return [*zip(months(n), values(n), strict=True)]


def of_shops(size: float = 1.0) -> list[tuple[str, str, float]]:
    """Shops of different lengths; the second one's values are so many times as large."""
    return [
        (shop, month, sold * (size if shop == "south" else 1.0))
        for shop, (n, first) in SHOPS.items()
        for month, sold in zip(months(300)[first:], values(n, level=50 + n), strict=True)
    ]


def own(**more: object) -> list[str]:
    """The words that name own.csv instead of the sample."""
    keys = {"file": "own.csv", "target": "sold", "time": "month", **more}
    return [f"data.{key}={value}" for key, value in keys.items()]


def test_the_shipped_default_beats_seasonal_naive_and_reports_each_horizon(trained):
    found = trained.evaluation()
    back = found["backtest"]

    assert back["gain"]["low"] > 0.5
    assert back["mase"]["model"] < 0.6 < 1.3 < back["mase"]["seasonal"]
    assert found["metrics"]["mase"]["value"] == pytest.approx(back["mase"]["model"])
    assert [one["horizon"] for one in back["horizons"]] == list(range(1, 13))
    assert all(0.75 < one["coverage"] <= 1 for one in back["horizons"])


def test_batch_and_predict_forecast_from_a_long_table_with_intervals(trained, tmp_path):
    file = str(trained.root / "data/original/co2.csv")
    assert "12 rows" in trained.done("predict", file, str(tmp_path / "forecast.csv"))
    words = ("--model", "challenger", "--rows-per-part", "5")
    trained.done("batch", file, str(tmp_path / "parts"), *words)
    parts = pl.read_parquet(tmp_path / "parts" / "part-*.parquet")
    written = pl.read_csv(tmp_path / "forecast.csv")
    back = trained.evaluation()["backtest"]["horizons"]

    assert len([*(tmp_path / "parts").glob("part-*")]) == 3
    assert parts.columns == ["month", "horizon", "row", "prediction", "lower", "upper"]
    assert parts["month"].dt.strftime("%Y-%m").to_list() == [f"2002-{n:02}" for n in range(1, 13)]
    half = (parts["upper"] - parts["lower"]).to_numpy() / 2
    np.testing.assert_allclose(half, [one["half_width"] for one in back], rtol=1e-6)
    for name in ("prediction", "lower", "upper"):
        np.testing.assert_allclose(parts[name], written[name], rtol=1e-6)
    assert (parts["prediction"] - 372).abs().max() < 6


def test_mase_is_the_error_in_those_of_seasonal_naive_in_train(trained):
    model, _ = store.load(runs.find(trained.root).folder)
    test = read_part(trained.root, "test", for_evaluation=True)
    file = pl.read_csv(trained.root / "data/original/co2.csv", try_parse_dates=True)
    whole = file.upsample("month", every="1mo")
    train = whole.filter(pl.col("month") < read_part(trained.root, "valid")["month"].min())
    scale = (train["co2"] - train["co2"].shift(12)).abs().mean()
    y_true, predicted = test["co2"].to_numpy(), model.predict(test)
    found = evaluate_metric(METRICS["mase"], y_true, predicted)

    assert found == pytest.approx(np.abs(y_true - predicted.y_pred).mean() / scale, rel=0.01)


def test_mase_can_be_the_metric_of_train_evaluate_and_compare(project):
    project.write("shop,month,sold", of_shops(1000))
    words = [*own(entity="shop"), "metric=mase"]
    project.done("train", *words)
    project.done("evaluate", *words)
    project.done("compare", "model=ridge", *words, "--folds", "3")
    compared = json.loads((project.root / "reports/compare.json").read_text())

    low, high = (project.evaluation()["metrics"]["mase"][name] for name in ("low", "high"))
    assert 0.1 < low < high < 1.5
    assert compared["metric"] == "mase"
    assert 0.1 < compared["runs"][0]["value"]["value"] < 3


@pytest.mark.parametrize("model", ["ridge", "boosting", "smoothing"])
def test_a_series_of_another_size_and_level_has_the_same_forecast_there(trained, model):
    trained.done("train", f"model={model}")
    rows = read_part(trained.root, "valid")
    predictor = store.load(runs.find(trained.root).folder)[0]
    moved = rows.with_columns(pl.col("history").list.eval(pl.element() * 3 + 50))

    found, expected = predictor.predict(moved).y_pred, predictor.predict(rows).y_pred * 3 + 50
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_where_nothing_beats_naive_the_report_says_so(project):
    shutil.copyfile(ROOT / "elnino.csv", project.root / "elnino.csv")
    words = ["data.file=elnino.csv", "data.target=sea"]
    project.done("train", *words)

    assert "seasonal naive" in project.done("evaluate", *words)
    assert project.evaluation()["backtest"]["gain"]["low"] < 0


def test_a_clean_series_has_no_suspicion(project):
    project.write("month,sold", monthly(300))
    project.done("prepare", *own())

    assert project.suspects() == []


@pytest.mark.parametrize("lag", [0, 3, -5])
def test_a_covariate_that_knows_the_target_or_its_future_is_a_leak(project, lag):
    sold = values(330)
    known = [round(sold[t + 10 + lag] * 2 + 1, 3) for t in range(300)]
    rows = [*zip(months(300), sold[10:310], known, strict=True)]
    del rows[100:102]
    project.write("month,sold,planned", rows)
    project.done("prepare", *own(future="[planned]"))

    assert project.suspects()[0] == ("future covariate", "leak")


def test_a_holiday_or_the_season_itself_is_no_leak_and_the_past_of_one_is_none(project):
    sold = values(300)
    holiday = [int(place % 12 == 11) for place in range(300)]
    warm = [round(20 * math.sin(2 * math.pi * (place + 2) / 12), 2) for place in range(300)]
    rows = zip(months(300), sold, holiday, warm, [one * 2 for one in sold], strict=True)
    project.write("month,sold,holiday,warm,copy", rows)
    project.done("prepare", *own(future="[holiday,warm]"))

    assert project.suspects() == []


def test_gaps_are_named(project):
    project.write("month,sold", [row for n, row in enumerate(monthly(300)) if n not in (80, 81)])
    text = project.done("prepare", *own())

    assert project.suspects() == [("gaps", "ask")]
    assert re.search(r"2 of \d+ steps of 1mo have no value, after '1986-08-01'", text)


@pytest.mark.parametrize(("factor", "shift"), [(100, 0), (1, 40)])
def test_a_change_of_unit_or_of_level_is_named(project, factor, shift):
    sold = values(300)
    spoiled = [one * factor + shift if place >= 180 else one for place, one in enumerate(sold)]
    project.write("month,sold", zip(months(300), spoiled, strict=True))
    project.done("prepare", *own())

    assert "level" in {fault for fault, _ in project.suspects()}


def test_two_values_of_one_step_are_refused_by_row(project):
    project.write("month,sold", [*monthly(300), ("1990-05-01", 7)])
    text = project.refused("prepare", *own())

    assert "own.csv row 301: month 1990-05-01 00:00:00 has a second value" in text


def test_a_wrong_frequency_is_refused(project):
    project.write("month,sold", monthly(300))

    assert "between two steps of 1q (200 rows)" in project.refused("prepare", *own(step="1q"))
    assert "between two steps of 7d" in project.refused("prepare", *own(step="7d"))
    assert "no entity has half of data.history" in project.refused("prepare", *own(step="1d"))
    daily = [(f"1980-{1 + n // 28:02}-{1 + n % 28:02}", n) for n in range(336)]
    project.write("month,sold", daily)
    assert "second value in a step of 1mo (324 rows)" in project.refused("prepare", *own())


def test_a_time_between_two_steps_and_a_value_that_is_no_number_are_refused_by_row(project):
    days = [f"2024-01-{day:02} 00:00" for day in range(1, 31)]
    rows: list[Any] = [*zip(days, values(30), strict=True)]
    words = own(step="1d", history=8, season=7, horizon=2, expected_rows_min=1)
    project.write("month,sold", [*rows[:9], ("2024-01-10 06:00", 3), *rows[10:]])
    assert "own.csv row 10: month 2024-01-10 06:00" in project.refused("prepare", *words)

    project.write("month,sold", [*rows[:9], (days[9], "many"), *rows[10:]])
    text = project.refused("prepare", *words)
    assert "own.csv row 10: sold must be a number, got many" in text


def test_settings_that_cannot_hold_are_refused(project):
    text = project.refused("prepare", "data.split.by=hash", "data.split.column=null")
    assert "by: time, or by: group" in text
    text = project.refused("prepare", "train.target_transform=log")
    assert "train.target_transform must be null" in text
    assert "history must be above season, 12" in project.refused("prepare", "data.history=12")
    assert "data.entity" in project.refused("prepare", "data.entity=shop")


def test_each_entity_has_its_own_forecast_and_its_own_scale(project):
    project.write("shop,month,sold", of_shops(1000))
    words = own(entity="shop")
    assert "no forecast of young" in project.done("train", *words)
    project.done("evaluate", *words)
    page = max(project.root.glob("logs/*/report.html")).read_text(encoding="utf-8")
    project.done("predict", "own.csv", "forecast.csv", *words)
    found = pl.read_csv(project.root / "forecast.csv")
    half = found.group_by("shop").agg((pl.col("upper") - pl.col("prediction")).mean())
    half_of = dict(half.iter_rows())

    assert re.findall(r"Forecasts of (\w+)", page) == ["new", "north", "south"]
    assert found["shop"].to_list() == [
        shop for shop in ("new", "north", "south") for _ in range(12)
    ]
    assert 300 < half_of["south"] / half_of["north"] < 3000


def test_too_few_origins_give_no_interval_and_the_number_that_is_needed(project):
    project.write("month,sold", monthly(90))
    words = own(horizon=3, expected_rows_min=1, interval=0.95)
    project.done("train", *words)
    project.done("evaluate", *words)
    project.done("predict", "own.csv", "forecast.csv", *words)
    back = project.evaluation()["backtest"]

    assert "needs 19 origins in valid" in back["no_interval"]
    assert all(one["coverage"] is None for one in back["horizons"])
    assert pl.read_csv(project.root / "forecast.csv")["lower"].null_count() == 3


@pytest.mark.parametrize("numbers", [True, False])
def test_years_as_numbers_and_last_days_of_months_are_times(project, numbers):
    ends = pl.date_range(pl.date(2000, 1, 31), pl.date(2019, 12, 31), "1mo", eager=True)
    times = [*range(1780, 2020)] if numbers else ends.dt.month_end().cast(pl.String).to_list()
    project.write("month,sold", zip(times, values(240), strict=True))
    words = own(step=1 if numbers else "1mo")
    project.done("train", *words)
    project.done("predict", "own.csv", "forecast.csv", *words)
    found = pl.read_csv(project.root / "forecast.csv")["month"].to_list()

    assert str(found[1]).startswith("2021" if numbers else "2020-02-29")
