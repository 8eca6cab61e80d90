"""One run at its trial: what it learnt from, what it said, and whoever in judging/ looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..utils.plugins import modules_of, name_of
from ..utils.runs import Run

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from .problem import Problem

MISSES = "misses"


@dataclass(frozen=True)
class Case:
    """run: the one judged. fitted_on, valid, test: typed rows. assessed: its metrics on test."""

    root: Path
    run: Run
    problem: Problem
    model: Any
    fitted_on: pl.DataFrame
    valid: pl.DataFrame
    test: pl.DataFrame
    assessed: dict[str, Any]


def judge_all(case: Case) -> dict[str, Any]:
    """What each file in judging/ finds, under its file's name; nothing where it has no say.

    A judge answers with a dictionary that JSON can hold. Sentences under `misses` make `evaluate`
    fail once the report is written.
    """
    from . import judging

    found = {name_of(module): module.judge(case) for module in modules_of(judging)}
    return {name: part for name, part in found.items() if part is not None}


def misses(evaluation: dict[str, Any]) -> list[str]:
    """Every sentence of every judge that was not content."""
    parts = [part for part in evaluation.values() if isinstance(part, dict)]
    return [str(line) for part in parts for line in part.get(MISSES, ())]
