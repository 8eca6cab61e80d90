"""Open the project that a command line means."""

import argparse
from datetime import date
from pathlib import Path

from ml_checklist import gitrepo, statefiles, survey
from ml_checklist.errors import DataError, ProbeError
from ml_checklist.project import Project, open_project
from ml_checklist.survey import Survey


def project(args: argparse.Namespace) -> Project:
    """The project of --root, judged by --catalog on the day of --today."""
    return open_project(args.root, args.catalog, today=today(args))


def today(args: argparse.Namespace) -> date | None:
    """The day of --today, None for the real one."""
    if not args.today:
        return None
    day = statefiles.real_date(args.today)
    if day is None:
        raise DataError(f"--today: {args.today} is not a day; write it as 2026-11-20")
    return day


def surveyed(args: argparse.Namespace) -> Survey:
    """The survey of the project."""
    return survey.take(project(args))


def refuse_broken(taken: Survey) -> None:
    """Raise ProbeError when a probe broke: then no verdict can be trusted."""
    broken = [s for s in taken.statuses.values() if s.state == "error"]
    if broken:
        raise ProbeError("\n".join(f"{status.item.id}: {status.sentence}" for status in broken))


def signature(home: Path, given: str | None) -> str:
    """Who signs: --by, else git's user; a bot is refused."""
    name = (given or gitrepo.user(home)).strip()
    if not name:
        raise DataError("who vouches? give --by @handle, or set git's user.name")
    if statefiles.is_bot(name):
        raise DataError(f"--by: {name} is a bot; a person vouches")
    return name
