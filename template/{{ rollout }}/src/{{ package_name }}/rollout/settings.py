"""What is rolled out, and by which rules: the three files that say it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..configs.load import load
from ..configs.settings import Section, Share
from ..utils.files import read_json, write_json

CONF = "conf/rollout.yaml"
PLAN, REPORT = Path("models", "rollout.json"), Path("reports", "rollout.json")
LOCK, LOCK_S = Path("models", ".rollout.lock"), 5
Seconds = Annotated[float, Field(gt=0)]
Tolerance = Annotated[float, Field(ge=0)]


class Watch(Section):
    """How often the service looks at models/, in seconds."""

    poll_s: Seconds
    retry_s: Seconds


class Guards(Section):
    """A share of requests above one of these ends the rollout; None: no such guard.

    tolerance: numbers differ when they are further apart, in standard deviations.
    """

    alpha: Share
    errors: Share | None
    fallbacks: Share | None
    slow: Share | None
    disagreement: Share | None
    tolerance: Tolerance
    worse: Share | None


class Settings(Section):
    """Everything in conf/rollout.yaml."""

    header: str
    watch: Watch
    guards: Guards


class Plan(BaseModel):
    """models/rollout.json: what the running services do.

    share: of the keys that get the challenger. started: ISO 8601; with `version` it names a
    rollout. ended: why it is over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    mode: Literal["off", "shadow", "canary"] = "off"
    version: str | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    started: str | None = None
    ended: str | None = None
    switched_off: bool = False
    reason: str | None = None


def load_settings(root: Path) -> Settings:
    """conf/rollout.yaml; raises ValueError, one line a mistake."""
    return load(root, CONF, Settings)


def read_plan(root: Path) -> Plan:
    """The plan; raises ValueError that names the file where it cannot be read."""
    path = root / PLAN
    if not path.is_file():
        return Plan()
    try:
        return Plan.model_validate(read_json(path))
    except ValidationError as error:
        raise ValueError(f"{path}: {error.errors()[0]['msg']}; delete it") from error


def change_plan(root: Path, **changes: Any) -> Plan:
    """Replace values of the plan, atomically."""
    with locked(root):
        plan = read_plan(root).model_copy(update=changes)
        write_json(root / PLAN, plan.model_dump())
    return plan


def end_plan(root: Path, plan: Plan, reason: str) -> None:
    """End a rollout, unless another one has begun meanwhile; raises OSError if read-only."""
    with locked(root):
        now = read_plan(root)
        if (now.version, now.started) == (plan.version, plan.started):
            ended = now.model_copy(update={"mode": "off", "ended": reason})
            write_json(root / PLAN, ended.model_dump())


def record(root: Path, kind: str, **facts: Any) -> None:
    """Write a `rehearsal`, `abort` or `switch` to reports/rollout.json, and to its history."""
    path, moment = root / REPORT, datetime.now(UTC)
    entry = {"date": moment.date().isoformat(), "time": moment.isoformat(), **facts}
    with locked(root):
        found = read_json(path) if path.is_file() else {}
        history = [*found.get("history", []), {"kind": kind, **entry}]
        write_json(path, found | {kind: entry, "history": history})


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Within, no other process changes these files; raises OSError if they cannot be locked."""
    from filelock import FileLock  # the service needs it only to write

    with FileLock(root / LOCK, timeout=LOCK_S):
        yield
