"""Time each step from a request to the model's input, on single rows: `feature-cost`.

A row alone costs more than its share of a table, and that is what a request pays.
"""

import argparse
import cProfile
import json
import pstats
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load
from ..dataloader.manifest import read_part
from ..dataloader.schema import Schema
from ..model import store
from ..model.features import add_features
from ..model.predictor import Predictor
from ..serving.load_test import Slo
from ..serving.requests import column_types, row_model, typed_table
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from .settings import SLO, load_operations

REPORT = Path("reports", "feature-cost.json")
SOURCE = Path(__file__).parents[1]
STEPS = ("validate", "table", "add_features", "preprocess")
N_FIRST = 5  # rows that are not timed: the first calls of a process load and compile
Rows = list[pl.DataFrame]  # of one row each


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run whose preprocessing to use (default: the newest)")


def run(args: argparse.Namespace) -> None:
    """Write reports/feature-cost.json; raises CheckFailed above the budget."""
    settings, slo = load_operations(args.root, args.overrides).features, load(args.root, SLO, Slo)
    chosen = runs.find(args.root, args.run)
    model, description = store.load(chosen.folder)
    schema = Schema.model_validate(description["schema"])
    valid = read_part(args.root, "valid").select(list(schema.columns))
    rows = [valid[place % len(valid)] for place in range(settings.rows + N_FIRST)]
    raw = [row.select(model.columns) for row in rows]
    steps = time_steps(model, schema, rows)[N_FIRST:]
    median = dict(zip(STEPS, np.median(steps, axis=0).tolist(), strict=True))
    report: dict[str, Any] = {
        "created": datetime.now(UTC).isoformat(),
        "trees": runs.trees(args.root),
        "run": chosen.folder.name,
        "n_rows": len(steps),
        "budget_ms": slo.serving.latency_p95_ms * settings.budget_share,
        "total_ms": float(np.median(steps.sum(axis=1))),
        "steps": [{"name": name, "ms": ms} for name, ms in median.items()],
        "columns": time_columns(raw),
        "functions": time_functions(add_features, raw, median["add_features"])
        + time_functions(
            model.preprocessor.transform, [add_features(row) for row in raw], median["preprocess"]
        ),
    }
    write_json(args.root / REPORT, report)
    _print(report)
    if report["total_ms"] > report["budget_ms"]:
        most = max(median, key=lambda name: median[name])
        budget = f"{report['budget_ms']:g} ms of serving.latency_p95_ms in {SLO}"
        used = f"the features of a row take {report['total_ms']:.1f} ms, {most} the most"
        raise CheckFailed(f"{used}; allowed are {budget}")


def time_steps(model: Predictor, schema: Schema, rows: Rows) -> np.ndarray[Any, Any]:
    """Milliseconds, shape (n_rows, n_steps): the steps of a request of one row, as served."""
    types, request = column_types(schema), row_model(schema)
    taken = []
    for row in rows:
        body = json.dumps(row.to_dicts()[0], default=lambda moment: moment.isoformat())
        times = [time.perf_counter()]
        valid = request.model_validate_json(body)
        times.append(time.perf_counter())
        table = typed_table(types, [valid])
        times.append(time.perf_counter())
        features = add_features(table.select(model.columns))
        times.append(time.perf_counter())
        model.preprocessor.transform(features)
        times.append(time.perf_counter())
        taken.append(np.diff(times) * 1000)
    return np.array(taken)


def time_columns(rows: Rows) -> list[dict[str, Any]] | None:
    """name and ms of each column that add_features adds, the slowest first.

    None where add_features cannot be asked for one column: it needs a table, not a query.
    """
    known = rows[0].columns
    try:
        added = [name for name in add_features(rows[0]).columns if name not in known]
        base = _time_column(rows, known[0]) if added else 0.0
        found = [(max(_time_column(rows, name) - base, 0.0), name) for name in added]
    except (AttributeError, TypeError, pl.exceptions.PolarsError):
        return None
    return [{"name": name, "ms": ms} for ms, name in sorted(found, reverse=True)]


def _time_column(rows: Rows, name: str) -> float:
    """Median ms of a query for this column alone."""
    feature: Any = add_features  # its code serves queries as well as tables
    times = []
    for row in rows:
        started = time.perf_counter()
        feature(row.lazy()).select(name).collect()
        times.append((time.perf_counter() - started) * 1000)
    return float(np.median(times[N_FIRST:]))


def time_functions(
    action: Callable[[pl.DataFrame], Any], rows: Rows, total_ms: float
) -> list[dict[str, Any]]:
    """name and ms of each function of this project that `action` calls, the slowest first.

    total_ms: without the profiler, which slows small functions; its shares are scaled to it.
    """
    profile = cProfile.Profile()
    for row in rows:
        profile.runcall(action, row)
    found = own_functions(profile)
    whole = max((seconds for _, seconds in found), default=1.0)
    return [{"name": name, "ms": total_ms * seconds / whole} for name, seconds in found]


def own_functions(profile: cProfile.Profile) -> list[tuple[str, float]]:
    """Functions below src/ with the seconds in them and in what they call, the slowest first."""
    stats: dict[Any, Sequence[Any]] = vars(pstats.Stats(profile))["stats"]
    found = [
        (f"{Path(file).relative_to(SOURCE).as_posix()}:{function}", float(facts[3]))
        for (file, _, function), facts in stats.items()
        if Path(file).is_relative_to(SOURCE) and function[0] != "<"  # no comprehensions
    ]
    return sorted(found, key=lambda one: -one[1])


def _print(report: dict[str, Any]) -> None:
    for step in report["steps"]:
        log("step", f"{step['name']:<16}{step['ms']:.3f} ms")
    for column in report["columns"] or ():
        log("column", f"{column['name']:<16}{column['ms']:.3f} ms")
    log("total", f"{report['total_ms']:.3f} ms of {report['budget_ms']:g} ms")
    log("", f"record    {REPORT.as_posix()}")
