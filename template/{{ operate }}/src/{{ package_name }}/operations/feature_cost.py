"""Time each step from a request to the model's input, on single rows: `feature-cost`.

A row alone costs more than its share of a table, and that is what a request pays.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..dataloader.manifest import read_part
from ..dataloader.schema import Schema
from ..model import store
from ..model.features import add_features
from ..serving.requests import column_types, row_model, typed_table
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from .settings import SLO, load_both

REPORT = Path("reports", "feature-cost.json")
N_FIRST, N_ROWS = 5, 100  # the first calls of a process load and compile; they are not timed
Action = Callable[[Any], Any]


def run(args: argparse.Namespace) -> None:
    """Write reports/feature-cost.json; raises CheckFailed above the budget."""
    settings, slo = load_both(args.root, args.overrides)
    model, description = store.load(runs.find(args.root).folder)
    schema = Schema.model_validate(description["schema"])
    valid = read_part(args.root, "valid").select(list(schema.columns))
    rows = [valid[place % len(valid)] for place in range(N_FIRST + N_ROWS)]
    types = column_types(schema)
    # Each takes what the one before returns, the first a row as JSON.
    steps: dict[str, Action] = {
        "validate": row_model(schema).model_validate_json,
        "table": lambda row: typed_table(types, [row]).select(model.columns),
        "add_features": add_features,
        "preprocess": model.preprocessor.transform,
    }
    taken = time_steps(steps.values(), [row.write_ndjson() for row in rows])
    median = dict(zip(steps, np.median(taken, axis=0).tolist(), strict=True))
    total = float(np.median(taken.sum(axis=1)))
    columns = time_columns([row.select(model.columns) for row in rows])
    budget = slo.serving.latency_p95_ms * settings.features.budget_share
    report = {
        "created": datetime.now(UTC).isoformat(),
        "budget_ms": budget,
        "total_ms": total,
        "steps": [{"name": name, "ms": ms} for name, ms in median.items()],
        "columns": columns,
    }
    write_json(args.root / REPORT, report)
    for kind, found in (("step", median), ("column", columns or {})):
        for name, ms in found.items():
            log(kind, f"{name:<16}{ms:.3f} ms")
    log("total", f"{total:.3f} ms of {budget:g} ms")
    if total > budget:
        most = max(median, key=lambda name: median[name])
        used = f"the features of a row take {total:.1f} ms, {most} the most"
        allowed = f"allowed are {budget:g} ms of serving.latency_p95_ms in {SLO}"
        raise CheckFailed(f"{used}; {allowed}")


def time_steps(steps: Iterable[Action], values: Iterable[Any]) -> np.ndarray[Any, Any]:
    """Milliseconds of each step with each value but the first ones, shape (n_rows, n_steps)."""
    taken = []
    for value in values:
        times = [time.perf_counter()]
        for step in steps:
            value = step(value)
            times.append(time.perf_counter())
        taken.append(np.diff(times) * 1000)
    return np.array(taken[N_FIRST:])


def time_columns(rows: Sequence[pl.DataFrame]) -> dict[str, float] | None:
    """Name -> milliseconds of each column that add_features adds, the slowest first.

    rows: of one row each. None where add_features cannot be asked for one column: it needs a
    table, not a query.
    """
    feature: Action = add_features  # its code serves queries as well as tables

    def query(name: str) -> float:
        action = [lambda row: feature(row.lazy()).select(name).collect()]
        return float(np.median(time_steps(action, rows)))

    known = rows[0].columns
    try:
        base = query(known[0])
        added = [name for name in add_features(rows[0]).columns if name not in known]
        found = {name: max(query(name) - base, 0.0) for name in added}
    except (AttributeError, TypeError, pl.exceptions.PolarsError):
        return None
    return dict(sorted(found.items(), key=lambda one: -one[1]))
