"""conf/retraining.yaml, and whether it says that a retraining is due."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section
from ..monitoring.log import read_labels
from ..monitoring.service import LIVE
from ..utils.files import read_json
from ..utils.runs import RECORD

PATH, REPORT = "conf/retraining.yaml", Path("reports", "retraining.json")
DAY_S = 86_400
Positive = Annotated[float, Field(gt=0)]
Due = tuple[str, str]  # trigger, reason


class Staleness(Section):
    """How `staleness` cuts time into periods of equal length."""

    column: str | None = None
    n_window: Count
    n_ages: Annotated[int, Field(ge=3)]
    n_scored: Annotated[int, Field(ge=2)]


class Retraining(Section):
    """Everything in conf/retraining.yaml."""

    trigger: tuple[Literal["schedule", "drift", "quality", "labels"], ...]
    every_days: Positive
    wait_days: Annotated[float, Field(ge=0)]
    min_labels: Count
    max_drop: Annotated[float, Field(ge=0)]
    max_minutes: Positive
    staleness: Staleness


def load_retraining(root: Path) -> Retraining:
    """conf/retraining.yaml; raises ValueError, one line a mistake."""
    return load(root, PATH, Retraining)


def read_history(root: Path) -> list[dict[str, Any]]:
    """Every retraining, the oldest first."""
    path = root / REPORT
    return list(read_json(path)["history"]) if path.is_file() else []


def due(root: Path, settings: Retraining, now: datetime) -> Due | None:
    """Why to train again now, or None; a retraining that was killed is due again.

    The newest training is the one in reports/run.json, which `evaluate` writes.
    """
    history, path = read_history(root), root / "reports" / RECORD
    if history and history[-1]["status"] == "running":
        return history[-1]["trigger"], f"the last one was killed: {history[-1]['reason']}"
    if not path.is_file():
        return "first", "no model was evaluated yet"
    trained = datetime.fromisoformat(read_json(path)["started"])
    age = (now - trained).total_seconds() / DAY_S
    reasons = {}
    if age >= settings.every_days:
        reasons["schedule"] = f"the newest model is {age:.1f} days old"
    if age >= settings.wait_days:
        reasons |= _since(trained, root, settings.min_labels)
    return next(((name, reasons[name]) for name in settings.trigger if name in reasons), None)


def _since(trained: datetime, root: Path, min_labels: int) -> dict[str, str]:
    """Trigger -> reason, of labels and of a report on the service that are newer than this."""
    reasons = {}
    labels = read_labels(root).filter(pl.col("time") > trained)
    n_labels = labels.select(pl.col("prediction_id").n_unique()).collect().item()
    if n_labels >= min_labels:
        reasons["labels"] = f"{n_labels} new labels"
    live = read_json(root / LIVE) if (root / LIVE).is_file() else None
    if live is None or datetime.fromisoformat(live["created"]) <= trained:
        return reasons
    if columns := live.get("drift", {}).get("columns"):
        reasons["drift"] = f"inputs or predictions moved: {', '.join(columns)}"
    if (shortfall := live.get("quality", {}).get("shortfall") or 0) > 0:
        reasons["quality"] = f"live quality is {shortfall:.3g} below its limit"
    return reasons
