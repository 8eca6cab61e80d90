"""Change what the running services do: `rollout canary 3`, `shadow`, `stop`, `switch-off`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ..registry.versions import CHALLENGER, CHAMPION, aliases, locked, resolve
from ..utils.files import read_json, write_json
from ..utils.logs import log

ACTIONS = ("shadow", "canary", "stop", "switch-off", "switch-on")
PLAN, REPORT = Path("models", "rollout.json"), Path("reports", "rollout.json")


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action, the version, `--share` and `--reason`."""
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("version", nargs="?", default=CHALLENGER, help="default: challenger")
    parser.add_argument("--share", type=float, help="of the clients that get it, such as 0.05")
    parser.add_argument("--reason", help="of switch-off; it is kept in the record")


def run(args: argparse.Namespace) -> None:
    """Do the action; raises ValueError for a version that is none, or a missing value."""
    if args.action == "stop":
        plan = change_plan(args.root, mode="off", ended="stopped by command")
    elif args.action.startswith("switch"):
        plan = _switch(args.root, args.action == "switch-off", args.reason)
    else:
        plan = _start(args.root, args.action, args.version, args.share)
    share = f", {plan.share:.0%} of the clients" if plan.mode == "canary" else ""
    state = f"off; {plan.ended}" if plan.mode == "off" else f"{plan.mode} version {plan.version}"
    log("rollout", state + share)
    if plan.switched_off:
        log("", f"switched off: {plan.reason}")
    log("", f"plan      {PLAN.as_posix()}; services follow it by themselves")
    if args.action.startswith("switch"):
        log("", f"record    {REPORT.as_posix()}: commit it")


def _start(root: Path, mode: str, name: str, share: float | None) -> Plan:
    version = resolve(root, name).name
    if version == aliases(root).get(CHAMPION):
        raise ValueError(f"version {version} is champion already")
    if mode == "canary" and not (share is not None and 0 < share < 1):
        raise ValueError("canary: --share is needed, above 0 and below 1")
    begun: dict[str, Any] = {"started": datetime.now(UTC).isoformat(), "ended": None}
    return change_plan(root, mode=mode, version=version, share=share or 0.0, **begun)


def _switch(root: Path, is_off: bool, reason: str | None) -> Plan:
    if is_off and not reason:
        raise ValueError("switch-off: --reason is needed; it is kept in the record")
    record(root, "switch", switched_off=is_off, reason=reason)
    return change_plan(root, switched_off=is_off, reason=reason)


def read_plan(root: Path) -> Plan:
    """The plan; raises ValueError where the file holds none."""
    path = root / PLAN
    return Plan.model_validate(read_json(path)) if path.is_file() else Plan()


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
