"""Settled columns hold wherever a model is used: each path predicts the same rows alike.

The sample gets sentinels, units, signs between thousands, dates in several notations and weights;
conf/ settles them as docs/your-own-data.md says. Then train, predict, batch, HTTP, worker and
explain are compared.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import copy_installed, run

HERE = Path(__file__).parent
# A value of each column that means "not known": as the file writes it, as a request does, in conf.
MISSING: dict[str, tuple[str, Any, str]] = {
    "age": ("-999", -999, "-999"),
    "bmi": ("-99 kg", -99.0, "-99"),
    "s1": ("99,999", 99999, "99999"),
    "s3": ("-9,0", -9, "-9"),
    "day": ("01.01.1900", "1900-01-01", "1900-01-01"),
    "month": ("unknown", "unknown", "unknown"),
    "ward": ("not known", "not known", "not known"),
}
SCHEMA = """
  bmi: {type: number, unit: kg}
  s1: {type: number, thousands: ","}
  s2: {type: number, thousands: "."}
  day: {type: date, format: "%Y-%m-%d or %d.%m.%Y"}
  month: {type: date, format: "%B %Y"}
  seen: {type: date, format: "%s"}
  count: {type: number, unit: x}
"""
ENGINES = {"ridge": "onnxruntime", "boosting": "sklearn"}
# Relative; onnxruntime computes with 32 bits.
MAX_OFF = 1e-5

Made = Callable[..., Path]


def planted(sample: Path, to: Path) -> None:
    """rows.csv and rows.json: the sample's rows as a file and as requests.

    few.csv: the same with plain numbers in two columns, so that batch reads no column as text.
    """
    with sample.open(encoding="utf-8") as file:
        rows = [row_of(cells, number) for number, cells in enumerate(csv.DictReader(file))]
    texts = [{name: text for name, (text, _) in row.items()} for row in rows]
    write(to / "rows.csv", texts)
    plain = [{name: str(row[name][1]) for name in ("bmi", "s1")} for row in rows]
    write(to / "few.csv", [one | few for one, few in zip(texts, plain, strict=True)])
    left_out = {"progression", "count"}  # the target, and the weight
    requests = [{n: value for n, (_, value) in r.items() if n not in left_out} for r in rows]
    (to / "rows.json").write_text(json.dumps(requests), encoding="utf-8")


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def row_of(cells: dict[str, str], number: int) -> dict[str, tuple[str, Any]]:
    """Of each column the text in the file, and the value in a request."""
    draw = random.Random(number)
    row: dict[str, tuple[str, Any]] = {n: (text, float(text)) for n, text in cells.items()}
    bmi, s1, s2, s3 = (row[name][1] for name in ("bmi", "s1", "s2", "s3"))
    row["bmi"] = (f"{bmi} kg" if number % 3 else f"{bmi}", bmi)
    for name, value, sign in (("s1", s1, ","), ("s2", s2, ".")):
        row[name] = (f"{int(value * 100):,}".replace(",", sign), int(value * 100))
    row["s3"] = (f"{s3 + 0.25:.2f}".replace(".", ","), s3 + 0.25)
    day = date(2020, 1, 1) + timedelta(days=int(row["s5"][1] * 100) + draw.randrange(9))
    row["day"] = (f"{day:%d.%m.%Y}" if number % 4 else f"{day}", f"{day}")
    row["month"] = (f"{day:%b %Y}", f"{day:%Y-%m}-01")
    seen = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(10**7))
    row["seen"] = (f"{seen.timestamp():.0f}", seen.isoformat())
    row["ward"] = (draw.choice("abc"),) * 2
    row["count"] = (f"{draw.randrange(1, 5)} x", None)
    for place, (name, (text, value, _)) in enumerate(MISSING.items()):
        if number % (12 + place) == place:
            row[name] = (text, value)
    return row


def settle(project: Path) -> None:
    """Write what settles the columns, as docs/your-own-data.md says."""
    conf, schema = project / "conf/default.yaml", project / "conf/schema.yaml"
    missing = ", ".join(f"{name}: [{value}]" for name, (*_, value) in MISSING.items())
    lines = {"missing": f"{{{missing}}}", "weight": "count", "target_transform": "box-cox"}
    text = conf.read_text(encoding="utf-8")
    for key, value in lines.items():
        text, n_changed = re.subn(rf"(?m)^( *{key}:) .*$", rf"\1 {value}", text, count=1)
        assert n_changed == 1, key
    conf.write_text(text, encoding="utf-8")
    content = yaml.safe_load(schema.read_text(encoding="utf-8"))
    content["columns"] |= yaml.safe_load(SCHEMA)
    schema.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("model", ["ridge", pytest.param("boosting", marks=pytest.mark.slow)])
def test_every_path_predicts_the_same_rows_alike(
    installed_project: Made, tmp_path: Path, model: str
) -> None:
    answers = {"task": "regression", "components": ["batch", "worker", "explain"]}
    project = copy_installed(installed_project(**answers), tmp_path / "project")
    python, package = str(project / ".venv/bin/python"), next((project / "src").glob("*/main.py"))
    name = package.parent.name

    def python_of(*words: str) -> str:
        done = run(python, *words, cwd=project, PYTHONPATH="src", OMP_NUM_THREADS="1")
        return done.stdout

    def command(*words: str) -> str:
        return python_of("-m", name, *words)

    command("prepare")
    planted(next((project / "data/original").glob("*.csv")), project)
    conf = project / "conf/default.yaml"
    text = conf.read_text(encoding="utf-8").replace("file: sample", "file: rows.csv")
    conf.write_text(text, encoding="utf-8")
    seen = command("prepare")
    settle(project)
    settled = command("train", f"model={model}")
    for words in ("evaluate", "register"):
        command(words)
    (project / "models/aliases.json").write_text('{"champion": "1"}', encoding="utf-8")
    lines = python_of(str(HERE / "paths" / "compared.py"), name).splitlines()
    found = {one["path"]: one for one in map(json.loads, lines)}

    for column in ("bmi", "s1", "day", "month", "age", "s3"):
        assert re.search(rf"(warn|ask ) {column}: ", seen), column
        assert not re.search(rf"(warn|ask ) {column}: ", settled), column
    assert len(found) == 9
    for path, one in found.items():
        assert one["engine"] == ENGINES[model]
        if path == "worker" and not one["rows"]:
            continue  # no wheel of redis-server for this platform
        assert one["rows"] >= (400 if "typed" not in path and path != "explain" else 20), one
        assert one["off"] <= MAX_OFF, one
