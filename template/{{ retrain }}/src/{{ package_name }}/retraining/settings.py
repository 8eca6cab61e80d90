"""conf/retraining.yaml, and whether it says that a retraining is due."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section
from ..monitoring.log import read_labels
from ..monitoring.service import LIVE
from ..registry import versions
from ..utils.files import read_json
from ..utils.runs import RECORD

PATH, REPORT = "conf/retraining.yaml", Path("reports", "retraining.json")
FORCED, FIRST = "force", "first"
DAY_S = 86_400
Days = Annotated[float, Field(ge=0)]
Due = tuple[str, str]  # trigger, reason


class Staleness(Section):
    """How `staleness` cuts time; ages and scored periods leave at least one to fit on."""

    column: str | None = None
    n_periods: Annotated[int, Field(ge=4)]
    n_ages: Annotated[int, Field(ge=3)]
    n_scored: Count


class Retraining(Section):
    """Everything in conf/retraining.yaml."""

    trigger: tuple[Literal["schedule", "drift", "quality", "labels"], ...]
    every_days: Annotated[float, Field(gt=0)]
    wait_days: Days
    min_labels: Count
    max_drop: Annotated[float, Field(ge=0)]
    max_minutes: Annotated[float, Field(gt=0)]
    replace_data: bool = False
    labelled_rows: str | None = None
    staleness: Staleness


def load_retraining(root: Path) -> Retraining:
    """conf/retraining.yaml; raises ValueError, one line a mistake."""
    return load(root, PATH, Retraining)


def read_history(root: Path) -> list[dict[str, Any]]:
    """Every retraining, the oldest first."""
    path = root / REPORT
    return list(read_json(path)["history"]) if path.is_file() else []


def due(root: Path, settings: Retraining, now: datetime) -> Due | None:
    """Why to train again now, or None.

    A report of live quality counts where it is newer than the newest training, and labels where
    they are. A retraining that was killed is due again.
    """
    history, trained = read_history(root), last_training(root)
    if history and history[-1]["status"] == "running":
        return history[-1]["trigger"], f"the last one was killed: {history[-1]['reason']}"
    if trained is None:
        return FIRST, "no model was trained yet"
    age = (now - trained).total_seconds() / DAY_S
    found = {"schedule": _if(age >= settings.every_days, f"the newest model is {age:.1f} days old")}
    if age >= settings.wait_days:
        found |= _of_reports(root, settings, trained)
    reasons = [(name, found.get(name)) for name in settings.trigger]
    return next(((name, reason) for name, reason in reasons if reason), None)


def _of_reports(root: Path, settings: Retraining, trained: datetime) -> dict[str, str | None]:
    live = dict(read_json(root / LIVE)) if (root / LIVE).is_file() else {}
    if live and _moment(live["created"]) <= trained:
        live = {}
    columns = live.get("drift", {}).get("columns", [])
    shortfall = live.get("quality", {}).get("shortfall") or 0
    labels = read_labels(root).filter(pl.col("time") > trained)
    n_labels = labels.select(pl.col("prediction_id").n_unique()).collect().item()
    return {
        "drift": _if(columns, f"inputs or predictions moved: {', '.join(columns)}"),
        "quality": _if(shortfall > 0, f"live quality is {shortfall:.3g} below its limit"),
        "labels": _if(n_labels >= settings.min_labels, f"{n_labels} new labels"),
    }


def _if(holds: Any, reason: str) -> str | None:
    return reason if holds else None


def last_training(root: Path) -> datetime | None:
    """When the newest known model was trained: of models/, reports/ or the history."""
    folders = [root / versions.MODELS / str(number) for number in versions.numbers(root)]
    paths = [folder / RECORD for folder in folders] + [root / "reports" / RECORD]
    started = [read_json(path)["started"] for path in paths if path.is_file()]
    started += [one["started"] for one in read_history(root) if one["status"] == "registered"]
    return max(map(_moment, started), default=None)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
