"""What is rolled out, and by which rules: the three files that hold it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from ..configs.settings import Section, Share
from ..registry.versions import locked
from ..utils.files import read_json, write_json

CONF = "conf/rollout.yaml"
PLAN, REPORT = Path("models", "rollout.json"), Path("reports", "rollout.json")
GuardName = Literal["errors", "fallbacks", "slow", "disagreement", "worse"]


class Settings(Section):
    """Everything in conf/rollout.yaml.

    guards: name -> share above which the rollout ends. tolerance: numbers differ when they are
    further apart, in standard deviations.
    """

    header: str
    alpha: Share
    tolerance: Annotated[float, Field(ge=0)]
    guards: dict[GuardName, Share]


class Plan(BaseModel, frozen=True):
    """models/rollout.json: what the running services do.

    share: of the keys that get the challenger. started: ISO 8601; it names the rollout. ended: why
    it is over. reason: why the model is switched off.
    """

    mode: Literal["off", "shadow", "canary"] = "off"
    version: str | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    started: str | None = None
    ended: str | None = None
    switched_off: bool = False
    reason: str | None = None


def read_plan(root: Path) -> Plan:
    """The plan; raises ValueError that names the file where it cannot be read."""
    path = root / PLAN
    if not path.is_file():
        return Plan()
    try:
        return Plan.model_validate(read_json(path))
    except ValidationError as error:
        raise ValueError(f"{path}: {error.errors()[0]['msg']}; delete it") from error


def change_plan(root: Path, known: Plan | None = None, **changes: Any) -> Plan:
    """Replace values of the plan; raises OSError where it is read-only.

    known: nothing is replaced if another rollout has begun since this plan was read.
    """
    with locked(root):
        plan = read_plan(root)
        if known is None or plan.started == known.started:
            plan = plan.model_copy(update=changes)
            write_json(root / PLAN, plan.model_dump())
    return plan


def record(root: Path, kind: str, **facts: Any) -> None:
    """Write a rehearsal, a switch or the end of a rollout to reports/rollout.json."""
    path, moment = root / REPORT, datetime.now(UTC)
    entry = {"date": moment.date().isoformat(), "time": moment.isoformat(), **facts}
    with locked(root):
        found = read_json(path) if path.is_file() else {}
        history = [*found.get("history", []), {"kind": kind, **entry}]
        write_json(path, found | {kind: entry, "history": history})
