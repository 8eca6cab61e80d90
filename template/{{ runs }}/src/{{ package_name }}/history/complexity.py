"""Measure time and memory of the model on growing numbers of rows: `complexity`."""

import argparse
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import read_part
from ..executor.prepare import ensure
from ..model.predictor import fit
from ..utils import runs
from ..utils.files import write_json
from ..utils.logs import log

REPORT = "reports/complexity.json"
LONG_S = 2  # a fit that takes longer is timed once
ENOUGH_ROWS = 10_000  # a smaller train part is repeated ten times


def run(args: argparse.Namespace) -> None:
    """Write reports/complexity.json: three sizes, each ten times the last; only train is read."""
    config = load_project(args.root, args.overrides)
    manifest = ensure(config, args.root)
    with runs.repeatable(config.seed):
        write_json(args.root / REPORT, measure(config, manifest, read_part(args.root, "train")))
    log("", f"record    {REPORT}")


def measure(config: Config, manifest: dict[str, Any], table: pl.DataFrame) -> dict[str, Any]:
    """Seconds to fit and to predict, and the peak memory of the process; for `config.model`."""
    largest = len(table) if len(table) >= ENOUGH_ROWS else 10 * len(table)
    found: dict[str, list[Any]] = {"rows": [], "fit_seconds": [], "predict_seconds": []}
    for size in (largest // 100, largest // 10, largest):
        rows = _sample(config, table, size)
        words = (config, config.model, rows, manifest["features"], manifest["classes"])
        start = time.perf_counter()
        model, _ = fit(*words)  # the first fit of a process also imports
        taken = time.perf_counter() - start
        fitted = taken if taken > LONG_S else seconds(fit, *words)
        times = (size, fitted, seconds(model.predict, rows))
        log("rows", f"{size:>9}  fit {times[1]:.3f} s  predict {times[2]:.4f} s")
        for values, value in zip(found.values(), times, strict=True):
            values.append(value)
    return {"model": config.model, **found, "peak_memory_mb": peak_memory_mb()}


def seconds(action: Callable[..., Any], *words: Any) -> float:
    """The shortest of three times: whatever else the machine does only adds."""
    return min(timeit.repeat(lambda: action(*words), number=1, repeat=3))


def peak_memory_mb() -> float | None:
    """Megabytes of the largest resident set so far; None on Windows."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _sample(config: Config, table: pl.DataFrame, size: int) -> pl.DataFrame:
    """`size` rows in a seeded order that begins with one row of each class."""
    table = table.sample(fraction=1.0, shuffle=True, seed=config.seed)
    if config.task == "classification":
        is_first = pl.col(config.data.target).is_first_distinct()
        table = table.sort(is_first, descending=True, maintain_order=True)
    return table[np.resize(np.arange(len(table)), size)]
