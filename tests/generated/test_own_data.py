"""`prepare` names what is wrong with a table, by column, and stays quiet on clean ones.

Each fault is planted at the strength of docs/your-own-data.md: into known tables (the sample,
penguins, weather) and made ones. own_data/runner.py runs `prepare` on all of them in one process.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import copy_installed, run

Job = dict[str, Any]
Run = Callable[[list[Job]], list[dict[str, Any]]]
RUNNER = Path(__file__).parent / "own_data" / "runner.py"
SAMPLES = ("breast_cancer", "diabetes")
TABLES = (*SAMPLES, "penguins", "weather", "made classes", "made numbers")
FOUND = 0.95

DIRTY = [
    f"{kind} in {share}"
    for share in ("1%", "5%", "30%")
    for kind in ("a unit", "words", "thousands", "decimal commas")
]
DATES = [
    "dates with points",
    "dates with slashes",
    "dates with the month's name",
    "dates without signs",
    "dates as seconds",
    "dates in two zones",
    "day or month first",
]
SENTINELS = [f"{value} for unknown" for value in (-999, 9999, -1, 0, 99, "1900-01-01")]
COLUMNS = ["nearly constant", "constant in train", "identical classes", "identical numbers"]
ROWS = ["copies", "copies with other ids", "near copies", "groups", "groups without a name"]
LEAKS = ["a leak as text", "a leak as number", "a leak with wrong cells", "a leak by a factor"]
LEAKS += ["a leak beside units"]
LEAKS += [f"a {kind} of {n}" for kind in ("sum", "product") for n in (2, 4)]
LEAKS += [f"a group mean, {kind}" for kind in ("exact", "small groups", "rounded", "smoothed")]
LEAKS += ["the order of rows"]
OTHERS = [f"a block times {factor}" for factor in ("2", "100", "2.54")]
OTHERS += ["a target in two units", "labels of 100 rows", "few examples", "parts that differ"]
PLANTS = [*DIRTY, *DATES, *SENTINELS, *COLUMNS, *ROWS, *LEAKS, *OTHERS]

# One of each kind, on the sample, on penguins and weather, and on made tables.
QUICK = {
    "a unit in 1%": "breast_cancer",
    "words in 1%": "penguins",
    "thousands in 5%": "penguins",
    "decimal commas in 30%": "weather",
    "dates with points": "diabetes",
    "dates in two zones": "penguins",
    "day or month first": "breast_cancer",
    "-999 for unknown": "breast_cancer",
    "0 for unknown": "penguins",
    "1900-01-01 for unknown": "weather",
    "nearly constant": "made numbers",
    "constant in train": "penguins",
    "identical classes": "diabetes",
    "identical numbers": "breast_cancer",
    "copies with other ids": "penguins",
    "near copies": "diabetes",
    "groups": "breast_cancer",
    "groups without a name": "made classes",
    "a leak as number": "made classes",
    "a leak with wrong cells": "made numbers",
    "a leak by a factor": "weather",
    "a sum of 4": "weather",
    "a product of 2": "made numbers",
    "a group mean, smoothed": "made classes",
    "the order of rows": "weather",
    "a block times 2": "diabetes",
    "a target in two units": "diabetes",
    "labels of 100 rows": "made classes",
    "few examples": "penguins",
    "parts that differ": "made numbers",
}

# Where a fault cannot be seen, whatever the rule, and why.
BLIND = {
    # Fewer rows than the strength is stated for: an honest column of iris is as good as a copy.
    **{(table, name): "below 1,000 rows" for table in (*SAMPLES, "penguins") for name in LEAKS},
    **{
        (table, name): "below 1,000 rows a part"
        for table in (*SAMPLES, "penguins", "weather")
        for name in ("parts that differ", "labels of 100 rows")
    },
    ("penguins", "near copies"): "four measures of 344 birds: strangers are as near",
    ("weather", "near copies"): "two measures at most have more than a few values",
    ("weather", "groups without a name"): "two measures at most have more than a few values",
    **{(table, "nearly constant"): "0.3 % is one row" for table in (*SAMPLES, "penguins")},
}

SIBLINGS = [
    "post codes",
    "house numbers",
    "rain with zeros",
    "spending with zeros",
    "a season",
    "a file sorted by shop",
    "a coarse survey",
    "a real step",
    "customers who return",
    "cities and their countries",
    "routes",
    "codes",
    "a trend",
    "a list of prices",
    "capped incomes",
    "years",
    "a number of the row",
    "a rare flag",
]

# What is true of a clean table, by fault.
TRUE = {
    "digits": {"constant": "nine pixels at the edge have one value in nearly every picture"},
    "linnerud": {},
}
CLEAN = ["iris", "wine", "digits", "linnerud", *TABLES, "made 12 classes", "made skewed"]


@pytest.fixture(scope="module")
def prepare(
    installed_project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """`prepare(jobs)`: what was printed and found for each."""
    project = installed_project()

    def run(jobs: list[Job]) -> list[dict[str, Any]]:
        path = tmp_path_factory.mktemp("jobs") / "jobs.json"
        path.write_text(json.dumps(jobs), encoding="utf-8")
        command = [str(project / ".venv" / "bin" / "python"), str(RUNNER), str(project), str(path)]
        done = subprocess.run(command, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def job(table: str, seed: int = 0, n_rows: int = 2000, **more: Any) -> Job:
    return {"table": table, "seed": seed, "n_rows": n_rows, **more}


def is_found(result: dict[str, Any]) -> bool:
    """Whether a suspicion of the planted kind names the column, on the screen too."""
    named = [one for one in result["suspects"] if one["fault"] in result["faults"]]
    column = result["column"]
    printed = [line for line in result["printed"].splitlines() if line.strip()]
    return any(
        column in one["columns"] and any(one["evidence"] in line for line in printed)
        for one in named
    )


def missed(results: list[dict[str, Any]]) -> list[str]:
    return [
        f"{one['plant']} in {one['column']} of {one['table']}, seed {one['seed']}: "
        f"{[(s['fault'], s['columns']) for s in one['suspects']]} {one['problems']}"
        for one in results
        if not one.get("skipped") and not is_found(one)
    ]


def alarms(results: list[dict[str, Any]]) -> list[str]:
    """Suspicions that are neither questions nor true."""
    return [
        f"{one['table']} {one.get('sibling', '')} {s['severity']} {s['fault']}: {s['evidence']}"
        for one in results
        for s in one["suspects"]
        if s["severity"] != "ask" and s["fault"] not in TRUE.get(one["table"], {})
    ]


def test_each_kind_of_fault_is_named_by_column(prepare: Run) -> None:
    """One plant of each kind; the slow tests have all of them on every table."""
    results = prepare([job(table, plant=plant) for plant, table in QUICK.items()])

    assert not [one["plant"] for one in results if one.get("skipped")]
    assert missed(results) == []


def test_clean_tables_are_quiet(prepare: Run) -> None:
    results = prepare([job(table) for table in CLEAN])
    kinds = [[(s["fault"], s["severity"]) for s in one["suspects"]] for one in results]

    assert alarms(results) == []
    assert all(one["code"] == 0 for one in results)
    assert {"constant"} == {fault for fault, _ in kinds[CLEAN.index("digits")]}
    assert not [one for one in kinds if len(set(one)) < len(one) - 1]


def test_rows_are_no_copies_where_unreadable_columns_leave_few_to_compare(prepare: Run) -> None:
    """Beside a leak, units leave the classes and two measures: islands of a few rows."""
    tables = ("made classes", "made 12 classes")
    jobs = [job(t, seed, 300, plant="a leak beside units") for t in tables for seed in range(5)]
    faults = [{s["fault"] for s in one["suspects"]} for one in prepare(jobs)]

    assert all("dirty numbers" in found for found in faults)
    assert not [found for found in faults if found & {"near copies", "duplicates"}]


def test_clean_columns_that_resemble_a_fault_are_at_most_a_question(prepare: Run) -> None:
    bases, kinds = ("made classes", "made numbers"), ("all", "a coarse survey")
    results = prepare([job(base, sibling=kind) for base in bases for kind in kinds])

    assert alarms(results) == []
    assert all(one["code"] == 0 for one in results), [one["problems"] for one in results]


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS)
def test_a_fault_is_found_in_95_of_100_tables(prepare: Run, plant: str) -> None:
    """20 seeds on made tables of 3,000 rows, 3 on each other table and on 20,000 rows."""
    tables = [table for table in TABLES if (table, plant) not in BLIND]
    jobs = [job(table, seed, plant=plant) for table in tables for seed in range(3)]
    for table in ("made classes", "made numbers", "made 12 classes", "made skewed"):
        jobs += [job(table, seed, 3000, plant=plant) for seed in range(20)]
    jobs += [job("made classes", seed, 20_000, plant=plant) for seed in range(3)]
    jobs += [job("made numbers", seed, 20_000, plant=plant) for seed in range(3)]
    # Two classes are stated for labels.
    jobs = [one for one in jobs if "labels" not in plant or one["table"] != "made 12 classes"]
    results = [one for one in prepare(jobs) if not one.get("skipped")]

    assert len(results) >= 20
    assert len(missed(results)) <= (1 - FOUND) * len(results), missed(results)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["noise", "made"])
def test_at_most_one_of_20_clean_tables_has_any_suspicion(prepare: Run, kind: str) -> None:
    bases = ("made classes", "made numbers", "made 12 classes", "made skewed")
    names = ["noise"] if kind == "noise" else bases
    sizes = (600, 1500, 3000)
    jobs = [job(names[seed % len(names)], seed, sizes[seed % 3]) for seed in range(200)]
    found = [one["suspects"] for one in prepare(jobs) if one["suspects"]]

    assert len(found) <= 10, found


@pytest.mark.slow
@pytest.mark.parametrize("kind", SIBLINGS)
def test_no_seed_makes_a_fault_of_a_clean_column(prepare: Run, kind: str) -> None:
    bases = ("made classes", "made numbers")
    jobs = [job(bases[seed % 2], seed, 3000, sibling=kind) for seed in range(20)]

    assert len(alarms(prepare(jobs))) <= 1


# A measure with -999, one with a unit, one in thousands, one with words, two notations of dates,
# copies of rows, and a column that repeats another.
TRIALS = """
import datetime
import random
random.seed(0)
rows = []
for i in range(600):
    weight, price = random.gauss(70, 10), random.lognormvariate(8, 0.5)
    day = datetime.date(2022, 1, 1) + datetime.timedelta(days=random.randrange(700))
    rows.append([
        "-999" if i % 20 == 0 else f"{random.gauss(20, 5):.3f}",
        f"{weight:.2f}" + " kg" * (i % 25 == 0),
        f"{round(price):,}" if i % 30 == 0 else str(round(price)),
        "unknown" if i % 40 == 0 else f"{random.uniform(1, 9):.3f}",
        day.strftime("%d.%m.%Y" if i % 20 == 0 else "%Y-%m-%d"),
        f"{weight * 2.2046:.6f}",
        "yes" if weight + random.gauss(0, 10) > 70 else "no",
    ])
rows += [list(row) for row in rows[100:130]]
names = "heat,weight,price,dose,seen,pounds,answer"
with open("rows.csv", "w") as file:
    for row in [names.split(","), *rows]:
        file.write(",".join(f'"{cell}"' for cell in row) + chr(10))
"""


@pytest.fixture(scope="module")
def folder(
    installed_project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project whose file has a fault in each column."""
    folder = copy_installed(installed_project(), tmp_path_factory.mktemp("settled") / "project")
    exec(TRIALS.replace('open("rows.csv"', f"open({str(folder / 'rows.csv')!r}"), {})
    set_conf(folder, "data.file", "rows.csv")
    set_conf(folder, "data.target", "answer")
    return folder


def set_conf(folder: Path, key: str, value: Any) -> None:
    """Set a dotted key of conf/default.yaml; a mapping is merged into what is there."""
    path = folder / "conf" / "default.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    *above, last = key.split(".")
    place = content
    for name in above:
        place = place[name]
    place[last] = place[last] | value if isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def settle(folder: Path, advice: str) -> None:
    """Do what the advice says: one line of conf/default.yaml or conf/schema.yaml."""
    where, _, line = advice.partition("; or ")[0].partition(": ")
    if where.startswith("data."):
        set_conf(folder, where, yaml.safe_load(line))
        return
    path = folder / where
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["columns"] |= yaml.safe_load("{" + line + "}")
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def command(folder: Path, *words: str) -> str:
    """What a command of the project prints."""
    (package,) = (path.parent.name for path in (folder / "src").glob("*/__init__.py"))
    python = str(folder / ".venv" / "bin" / "python")
    return run(python, "-m", package, *words, cwd=folder, PYTHONPATH=str(folder / "src")).stdout


def suspects(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "reports" / "profile.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["suspects"]
    return found


def test_the_advice_of_each_suspicion_settles_it_in_every_command(folder: Path) -> None:
    command(folder, "prepare")
    first = suspects(folder)
    for one in first:
        settle(folder, one["advice"])
    # Weights with their unit gone turn out to be the pounds in another unit.
    command(folder, "prepare")
    for one in suspects(folder):
        settle(folder, one["advice"])
    printed = command(folder, "train")
    columns = yaml.safe_load((folder / "conf" / "schema.yaml").read_text("utf-8"))["columns"]
    head, *cells = (folder / "rows.csv").read_text("utf-8").splitlines()
    row = cells[1].split('","')
    row[:5] = ['"-999', "70.5 kg", "2,500", "unknown", "31.12.2022"]
    same = ['"', "70.5", "2500", "", "2022-12-31", *row[5:]]
    (folder / "new.csv").write_text("\n".join([head, '","'.join(row), '","'.join(same)]) + "\n")
    command(folder, "predict", "new.csv", "predictions.csv")
    predictions = [
        line.split(",")[1:] for line in (folder / "predictions.csv").read_text().splitlines()[1:]
    ]

    assert {one["fault"] for one in first} >= {"dirty numbers", "sentinel", "dates", "duplicates"}
    assert suspects(folder) == []
    assert "30 exact duplicate" in printed
    assert {columns[n]["type"] for n in ("heat", "weight", "price", "dose")} == {"number"}
    assert columns["heat"]["min"] > -100
    assert columns["seen"]["type"] == "date"
    assert predictions[0] == predictions[1]


def test_what_is_accepted_is_not_repeated_and_a_wrong_name_is_refused(folder: Path) -> None:
    done = run(
        str(folder / ".venv" / "bin" / "python"),
        "-m",
        next((folder / "src").glob("*/__init__.py")).parent.name,
        "prepare",
        "data.accept={weight: [dirty number]}",
        cwd=folder,
        check=False,
        PYTHONPATH=str(folder / "src"),
    )

    assert done.returncode == 2
    assert "data.accept.weight: unknown name 'dirty number'; did you mean" in done.stderr


def test_a_leak_stands_beside_the_number_of_train_and_evaluate(folder: Path) -> None:
    text = (folder / "rows.csv").read_text("utf-8").splitlines()
    lines = [
        line + ("," if i else ",copy") + (line.split(",")[-1] if i else "")
        for i, line in enumerate(text)
    ]
    (folder / "leak.csv").write_text("\n".join(lines) + "\n")
    trained = command(folder, "train", "data.file=leak.csv")
    evaluated = command(folder, "evaluate", "data.file=leak.csv")
    evaluation = json.loads((folder / "reports" / "evaluation.json").read_text("utf-8"))

    assert "on valid (leak: copy" in trained
    assert "(leak: copy" in evaluated.splitlines()[0]
    assert {"leak", "too good"} <= {one["fault"] for one in evaluation["suspects"]}
    assert "Leak: copy" in next(folder.glob("logs/*/report.html")).read_text("utf-8")
