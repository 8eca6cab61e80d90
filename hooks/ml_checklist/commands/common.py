"""What several commands share: the project, who signs, the choice of a format, the terminal."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml_checklist import gitrepo
from ml_checklist.errors import DataError, ProbeError
from ml_checklist.state import records, survey
from ml_checklist.state.project import Project, open_project
from ml_checklist.state.survey import Survey

Argument = tuple[tuple[str, ...], dict[str, Any]]
# How a command runs, True when what it asks about is met, and what can be given to it.
Command = tuple[Callable[[argparse.Namespace], bool], tuple[Argument, ...]]


def given(*names: str, **options: Any) -> Argument:
    """An argument of a command, as argparse takes it."""
    return names, options


def formats(*names: str) -> Argument:
    """The argument for the form of the output; the first name is the default."""
    return given("--format", choices=names, default=names[0])


def project(args: argparse.Namespace) -> Project:
    """The project of --root, with the catalog of --catalog, on the day of --today."""
    day = records.real_date(args.today) if args.today else None
    if args.today and day is None:
        raise DataError(f"--today: {args.today} is not a day; write it as 2026-11-20")
    return open_project(args.root, args.catalog, today=day)


def surveyed(args: argparse.Namespace) -> Survey:
    return survey.take(project(args))


def refuse_broken(taken: Survey) -> None:
    """Raise ProbeError when a probe broke: then no verdict can be trusted."""
    broken = [s for s in taken.statuses.values() if s.state == "error"]
    if broken:
        raise ProbeError("\n".join(f"{status.item.id}: {status.sentence}" for status in broken))


def signature(home: Path, given: str | None) -> str:
    """Who signs: --by, else the author that git would name; a bot is refused."""
    name = (given or gitrepo.author(home)).strip()
    if not name:
        raise DataError("who signs? give --by @handle, or set git's user.name and user.email")
    if records.is_bot(name):
        raise DataError(f"--by: {name} is a bot; a person signs")
    return name


def require_terminal(instead: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise DataError(f"this asks questions, and here is no terminal; {instead}")


def answered(answer: Any) -> Any:
    """The answer to a question; a question that was left ends the command."""
    if answer is None:
        raise KeyboardInterrupt
    return answer
