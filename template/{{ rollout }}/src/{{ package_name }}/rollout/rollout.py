"""Change what the running services do: `rollout canary 3`, `shadow`, `stop`, `switch-off`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..configs.load import load
from ..registry.versions import CHALLENGER, CHAMPION, aliases, resolve
from ..utils.logs import log
from .settings import CONF, PLAN, REPORT, Settings, change_plan, record

ACTIONS = ("shadow", "canary", "stop", "switch-off", "switch-on")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action, the version, `--share` and `--reason`."""
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("version", nargs="?", default=CHALLENGER, help="default: challenger")
    parser.add_argument("--share", type=float, help="of the clients that get it, such as 0.05")
    parser.add_argument("--reason", help="of switch-off; it is kept in the record")


def run(args: argparse.Namespace) -> None:
    """Do the action; raises ValueError for a version that is none, or a missing value."""
    if args.action == "stop":
        _change(args.root, mode="off", ended="stopped by command")
    elif args.action in ("shadow", "canary"):
        _start(args.root, args.action, args.version, args.share)
    else:
        _switch(args.root, args.action == "switch-off", args.reason)


def _start(root: Path, mode: str, name: str, share: float | None) -> None:
    load(root, CONF, Settings)  # a mistake in it is seen here, not in the service
    version = resolve(root, name).name
    if version == aliases(root).get(CHAMPION):
        raise ValueError(f"version {version} is champion already")
    if mode == "canary" and not (share is not None and 0 < share < 1):
        raise ValueError("canary: --share is needed, above 0 and below 1")
    started = datetime.now(UTC).isoformat()
    _change(root, mode=mode, version=version, share=share or 0.0, started=started, ended=None)


def _switch(root: Path, is_off: bool, reason: str | None) -> None:
    if is_off and not reason:
        raise ValueError("switch-off: --reason is needed; it is kept in the record")
    _change(root, switched_off=is_off, reason=reason)
    record(root, "switch", switched_off=is_off, reason=reason)
    log("", f"record    {REPORT.as_posix()}: commit it")


def _change(root: Path, **changes: Any) -> None:
    plan = change_plan(root, **changes)
    version = f" version {plan.version}" if plan.mode != "off" else ""
    share = f", {plan.share:.0%} of the clients" if plan.mode == "canary" else ""
    log("rollout", f"{plan.mode}{version}{share}" + (f"; {plan.ended}" if plan.ended else ""))
    if plan.switched_off:
        log("", f"switched off: {plan.reason}")
    log("", f"plan      {PLAN.as_posix()}; services follow it by themselves")
