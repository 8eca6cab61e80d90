"""Change what the running services do: `rollout shadow 3`, `canary`, `stop`, `switch-off`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from pydantic_core import from_json

from ..registry.versions import CHALLENGER, CHAMPION, aliases, resolve
from ..utils.logs import log
from .settings import PLAN, REPORT, Plan, change_plan, load_settings, read_plan, record

ACTIONS = ("shadow", "canary", "stop", "status", "switch-off", "switch-on")
TIMEOUT_S = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action, the version, and `--share`, `--reason`, `--url`."""
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("--version", help="default: the challenger")
    parser.add_argument("--share", type=float, help="of the clients that get it, such as 0.05")
    parser.add_argument("--reason", help="of switch-off; it is kept in the record")
    parser.add_argument("--url", help="of a running service, for status")


def run(args: argparse.Namespace) -> None:
    """Do the action; raises ValueError for a version that is none, or a missing value."""
    load_settings(args.root)  # a mistake in it is seen here, not in the service
    # A word that is not key=value is the version: `rollout canary 3 --share 0.05`.
    words = [word for word in args.overrides if "=" not in word]
    version = args.version or (words[0] if words else CHALLENGER)
    if args.action in ("shadow", "canary"):
        _start(args.root, args.action, version, args.share)
    elif args.action == "stop":
        _say(change_plan(args.root, mode="off", ended="stopped by command"))
    elif args.action == "status":
        _status(args.root, args.url)
    else:
        _switch(args.root, args.action == "switch-off", args.reason)


def _start(root: Path, mode: str, name: str, share: float | None) -> None:
    folder, known = resolve(root, name), aliases(root)
    if folder.name == known.get(CHAMPION):
        raise ValueError(f"version {folder.name} is champion already")
    if mode == "canary" and not (share is not None and 0 < share < 1):
        raise ValueError("canary: --share is needed, above 0 and below 1")
    facts: dict[str, Any] = {"mode": mode, "version": folder.name, "share": share or 0.0}
    _say(change_plan(root, **facts, started=datetime.now(UTC).isoformat(), ended=None))


def _switch(root: Path, is_off: bool, reason: str | None) -> None:
    if is_off and not reason:
        raise ValueError("switch-off: --reason is needed; it is kept in the record")
    _say(change_plan(root, switched_off=is_off, reason=reason))
    record(root, "switch", switched_off=is_off, reason=reason)
    log("", f"record    {REPORT.as_posix()}: commit it")


def _status(root: Path, url: str | None) -> None:
    if url is None:
        return _say(read_plan(root))
    found = read_url(f"{url}/rollout")
    _say(Plan.model_validate(found))
    log("", f"champion  {found['champion']}")
    for name, one in found["guards"].items():
        text = f"{one['mean']:.2%} of {one['n']}, allowed {one['bound']:.2%}"
        log("", f"{name:<14}{text}")


def read_url(url: str) -> Any:
    """The JSON at an address; raises ValueError that names the remedy."""
    try:
        with urlopen(url, timeout=TIMEOUT_S) as response:
            return from_json(response.read())
    except OSError as error:
        raise ValueError(f"{url}: {error}; start the service with `serve`") from error


def _say(plan: Plan) -> None:
    share = f", {plan.share:.0%} of the clients" if plan.mode == "canary" else ""
    version = f" version {plan.version}" if plan.mode != "off" else ""
    log("rollout", f"{plan.mode}{version}{share}" + (f"; {plan.ended}" if plan.ended else ""))
    if plan.switched_off:
        log("", f"switched off: {plan.reason}")
    log("", f"plan      {PLAN.as_posix()}; services follow it by themselves")
