"""Time each step from a request to the model's input, on single rows: `feature-cost`."""

import argparse
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..configs.load import load
from ..dataloader.examples import inline
from ..dataloader.manifest import read_part
from ..dataloader.schema import Schema
from ..model import store
from ..model.features import add_features
from ..serving.load_test import SLO, Slo
from ..serving.requests import column_types, row_model, typed_table
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json
from ..utils.logs import log
from .settings import PATH, Operations

REPORT = Path("reports", "feature-cost.json")
N_FIRST, N_ROWS = 5, 100  # the first calls of a process load and compile; they are not timed


def run(args: argparse.Namespace) -> None:
    """Write reports/feature-cost.json; raises CheckFailed above the budget."""
    share = load(args.root, PATH, Operations, args.overrides).feature_share
    budget = share * load(args.root, SLO, Slo).serving.latency_p95_ms
    model, description = store.load(runs.find(args.root).folder)
    schema = Schema.model_validate(description["schema"])
    types = column_types(schema)
    # Each takes what the one before returns, the first a row as JSON.
    steps: dict[str, Callable[[Any], Any]] = {
        "validate": row_model(schema).model_validate_json,
        "table": lambda row: typed_table(types, [row]).select(model.columns),
        "add_features": add_features,
        "preprocess": model.preprocessor.transform,
    }
    valid = read_part(args.root, "valid").select(list(schema.columns)).head(N_FIRST + N_ROWS)
    rows = inline(valid).write_ndjson().encode().splitlines()
    taken = time_steps(steps.values(), np.resize(rows, N_FIRST + N_ROWS))
    median = dict(zip(steps, np.median(taken, axis=0).tolist(), strict=True))
    total = float(np.median(taken.sum(axis=1)))
    report = {
        "budget_ms": budget,
        "total_ms": total,
        "steps": [{"name": name, "ms": ms} for name, ms in median.items()],
    }
    write_json(args.root / REPORT, report)
    for name, ms in {**median, "total": total}.items():
        log("step", f"{name:<16}{ms:.3f} ms")
    if total > budget:
        raise CheckFailed(f"{total:.1f} ms for the features of a row; {PATH} allows {budget:g} ms")


def time_steps(steps: Iterable[Callable[[Any], Any]], rows: Iterable[bytes]) -> Any:
    """Milliseconds of each step with each row but the first ones, shape (n_rows, n_steps)."""
    taken = []
    for value in rows:
        times = [time.perf_counter()]
        for step in steps:
            value = step(value)
            times.append(time.perf_counter())
        taken.append(np.diff(times) * 1000)
    return np.array(taken[N_FIRST:])
