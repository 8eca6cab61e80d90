"""Measure time and memory of the model while the rows grow tenfold."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..utils import environment, git, trees
from ..utils.files import write_json
from ..utils.logs import say
from ..utils.memory import peak_memory_mb
from ..utils.seeds import one_thread_each, repeatable
from . import scoring

if TYPE_CHECKING:
    import polars as pl

    from .problem import Problem

REPORT = Path("reports", "complexity.json")
# With fewer rows in train the largest size is drawn from them again and again.
ENOUGH_ROWS = 10_000
LEAST_ROWS = 20
# A quick one is measured again, and the best counts: what else the machine does only adds.
QUICK_SECONDS = 1.0
REPEATS = 3
N_SINGLE = 50


def run(config: Config, args: argparse.Namespace) -> int:
    """Write reports/complexity.json; valid and test stay shut."""
    one_thread_each()
    from ..dataloader.parts import read_part
    from .prepare import ensure
    from .problem import Problem

    manifest = ensure(config, args.root)
    problem, table = Problem.of(config, manifest), read_part(args.root, "train")
    say("measure", f"{config.model}, {len(problem.columns.names)} features, one thread")
    with repeatable(config.seed):
        found = measured(problem, table, sizes(len(table)))
    found |= {
        "created": datetime.now(UTC).isoformat(),
        "git": git.state(args.root),
        "trees": {name: trees.tree_id(args.root, name) for name in ("src", "conf")},
        "environment": environment.describe(),
    }
    write_json(args.root / REPORT, found)
    say("", f"{found['sentence']}; one row {found['one_row_seconds'] * 1000:.1f} ms")
    say("", f"record    {REPORT.as_posix()}")
    return 0


def sizes(n_rows: int) -> list[int]:
    """Three numbers of rows, each ten times the last; of a small train part up to tenfold of it."""
    largest = n_rows if n_rows >= ENOUGH_ROWS else max(10 * n_rows, 100 * LEAST_ROWS)
    return [largest // 100, largest // 10, largest]


def measured(problem: Problem, table: pl.DataFrame, n_rows: list[int]) -> dict[str, Any]:
    """Seconds to fit and to predict, and the memory of the process, at each number of rows."""
    name = problem.config.model
    fit, predict, memory = [], [], []
    problem.fit(name, _drawn(problem, table, n_rows[0]))  # not timed: the first fit also imports
    for size in n_rows:
        rows = _drawn(problem, table, size)
        seconds, (model, _) = timed(lambda rows=rows: problem.fit(name, rows))  # type: ignore[misc]
        fit.append(seconds)
        X = problem.X(rows)
        predict.append(timed(lambda X=X, model=model: model.predict(X))[0])  # type: ignore[misc]
        memory.append(round(peak_memory_mb(), 1))
        said = f"fit {fit[-1]:.3f} s   predict {predict[-1]:.4f} s   peak {memory[-1]:.0f} MB"
        say("", f"{size:>9} rows   {said}")
    single = problem.X(table[:1])
    exponent = math.log10(fit[-1] / fit[-2])
    return {
        "model": name,
        "parameters": problem.parameters(name),
        "n_features": len(problem.columns.names),
        "rows": n_rows,
        "rows_are_drawn_again": n_rows[-1] > len(table),
        "fit_seconds": fit,
        "predict_seconds": predict,
        "peak_memory_mb": memory[-1],
        "peak_memory_mb_by_size": memory,
        "fit_exponent": exponent,
        "sentence": _sentence(exponent, n_rows, fit),
        "one_row_seconds": min(timed(lambda: model.predict(single))[0] for _ in range(N_SINGLE)),
    }


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest of a few times that an action took, and what it returned."""
    shortest, result = math.inf, None
    for _ in range(REPEATS):
        started = time.perf_counter()
        result = action()
        shortest = min(shortest, time.perf_counter() - started)
        if shortest > QUICK_SECONDS:
            break
    return shortest, result


def _drawn(problem: Problem, table: pl.DataFrame, size: int) -> pl.DataFrame:
    """`size` rows: some of the table, or where it has too few each of them as often as it takes.

    Of each class there is one: a model cannot be fitted on rows of one class.
    """
    import numpy as np

    random = np.random.default_rng(problem.config.seed)
    order = random.permutation(len(table))
    if problem.classes is not None:
        labels = table[problem.config.data.target].to_numpy().astype(str)[order]
        first = np.unique(labels, return_index=True)[1]
        order = np.concatenate([order[first], np.delete(order, first)])
    return table[np.resize(order, size)]


def _sentence(exponent: float, n_rows: list[int], seconds: list[float]) -> str:
    """What a tenfold would take: by the power of the last step, or in a straight line with it.

    The larger of both: where a fixed cost still dominates the power is too small.
    """
    grows = f"ten times the rows took {10**exponent:.1f} times as long to fit"
    per_row = (seconds[-1] - seconds[-2]) / (n_rows[-1] - n_rows[-2])
    more = max(seconds[-1] * 10**exponent, seconds[-1] + per_row * 9 * n_rows[-1])
    return f"{grows}; expect {scoring.number(more)} s for {10 * n_rows[-1]:,} rows"
