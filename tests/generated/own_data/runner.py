"""Run `prepare` on many tables, in the environment of a generated project.

`python runner.py PROJECT JOBS`: JOBS is a JSON file with a list of {"table", "seed", "n_rows"} and
optionally "plant" or "sibling" and "lines" of conf/. Prints one JSON line a job: what was printed,
the suspicions, and what must be among them. All jobs share this process, for the imports.
"""

# Our own environment has no polars.
# mypy: ignore-errors
from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.generated.own_data import plants, siblings, tables

MODELS = {"regression": ("mae", "ridge", "null"), "classification": ("", "logistic", "balanced")}


def run(project, main, job):
    """The result of one job."""
    table = tables.table(job["table"], job["seed"], job["n_rows"])
    column, faults, lines = None, (), dict(table.lines)
    if name := job.get("sibling"):
        table = siblings.add(table, job["seed"], name)
    rows = table.rows
    if name := job.get("plant"):
        plant = plants.PLANTS[name]
        if plant.task not in (None, table.task):
            return {"skipped": True}
        planted = plant.function(table, np.random.default_rng([job["seed"], len(name)]))
        rows, column, faults = planted.rows, planted.column, plant.faults
        lines |= planted.lines or {}
        if column is None:
            return {"skipped": True}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(project / "conf", root / "conf")
        rows.write_csv(root / "rows.csv")
        write_conf(root / "conf" / "default.yaml", table, lines | job.get("lines", {}))
        printed, problems = io.StringIO(), io.StringIO()
        streams = contextlib.redirect_stdout(printed), contextlib.redirect_stderr(problems)
        with contextlib.chdir(root), streams[0], streams[1]:
            code = main.main(["prepare"])
        path = root / "reports" / "profile.json"
        suspects = json.loads(path.read_text("utf-8"))["suspects"] if path.is_file() else []
    found = {"printed": printed.getvalue(), "code": code, "problems": problems.getvalue()}
    return found | {"suspects": suspects, "column": column, "faults": faults}


def write_conf(path, table, lines):
    """conf/default.yaml for this table."""
    metric, model, weight = MODELS[table.task]
    changed = {"file": "rows.csv", "target": table.target, "task": table.task, "model": model}
    changed |= {"metric": metric or "balanced_accuracy", "class_weight": weight}
    changed |= {"expected_rows_min": "10"}
    text = path.read_text("utf-8")
    for key, value in {**changed, **lines}.items():
        text, n_changed = re.subn(rf"(?m)^( *{key}:) .*$", rf"\1 {value}", text, count=1)
        assert n_changed == 1, f"conf/default.yaml has no line `{key}:`"
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    here = Path(sys.argv[1])
    (package,) = (path.parent.name for path in (here / "src").glob("*/__init__.py"))
    sys.path.insert(0, str(here / "src"))
    entry = importlib.import_module(f"{package}.main")
    for planned in json.loads(Path(sys.argv[2]).read_text("utf-8")):
        print(json.dumps(planned | run(here, entry, planned)), flush=True)
