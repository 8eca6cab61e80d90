"""The command line: each module of executor/, serving/ and monitoring/ is a command."""

import argparse
import ast
import importlib
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from .utils import logs
from .utils.errors import DoesNotHold

FOLDERS = ("executor", "serving", "monitoring")
CONFIG = "conf/default.yaml"
HELD, DID_NOT_HOLD, MISTAKE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Command:
    """A command: its name, its module and the line that `--help` shows."""

    name: str
    module: str
    help: str


class Parser(argparse.ArgumentParser):
    """argparse that raises on a mistake, so that one place decides the exit code."""

    def error(self, message: str) -> NoReturn:
        """Raise ValueError instead of leaving the process."""
        raise ValueError(f"command line: {message}; see `{self.prog} --help`")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns the exit code: 0 it held, 1 it did not hold, 2 a user's mistake, 130 interrupted.
    """
    with logs.on_screen(), _stoppable():
        try:
            return _dispatch(list(sys.argv[1:] if argv is None else argv))
        except DoesNotHold as answer:
            return _complain(str(answer), DID_NOT_HOLD)
        except (ValueError, OSError) as mistake:
            return _complain(str(mistake), MISTAKE)
        except KeyboardInterrupt:
            return _complain("interrupted", INTERRUPTED)
        except SystemExit as end:  # argparse after --help
            return int(end.code or 0)


@cache
def commands() -> dict[str, Command]:
    """The commands by name, found by reading files and importing none."""
    here = Path(__file__).parent
    paths = [path for folder in FOLDERS for path in sorted((here / folder).glob("[!_]*.py"))]
    found = [command for path in paths if (command := _command(path))]
    return {command.name: command for command in found}


def _command(path: Path) -> Command | None:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    if not any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body):
        return None
    line = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Command(path.stem.replace("_", "-"), f".{path.parent.name}.{path.stem}", line)


def _dispatch(argv: list[str]) -> int:
    known = commands()
    if not argv or argv[0] in ("-h", "--help"):
        sys.stdout.write(_overview(known))
        return HELD if argv else MISTAKE
    if argv[0] not in known:
        raise ValueError(_unknown(argv[0], known))
    return _run(known[argv[0]], argv[1:])


def _run(command: Command, argv: list[str]) -> int:
    module = importlib.import_module(command.module, package=__package__)
    args = _parse(command, module, argv)
    args.root = _project_root()
    # Such a command gives its own meaning to key=value: `sweep` reads lists.
    overrides = [] if getattr(module, "READS_OVERRIDES", False) else args.overrides
    from .configs.project import load_project

    return int(module.run(load_project(args.root, overrides), args))


def _parse(command: Command, module: Any, argv: list[str]) -> argparse.Namespace:
    parser = Parser(f"{_program()} {command.name}", description=command.help, allow_abbrev=False)
    if hasattr(module, "add_arguments"):
        module.add_arguments(parser)
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help=f"changes a value of {CONFIG}"
    )
    return parser.parse_intermixed_args(argv)


def _overview(known: dict[str, Command]) -> str:
    width = max(len(name) for name in known)
    lines = [f"  {command.name:<{width}}  {command.help}" for command in known.values()]
    usage = f"usage: {_program()} COMMAND [key=value ...]"
    return "\n".join([usage, "", *lines, "", f"`{_program()} COMMAND --help` says more.", ""])


def _unknown(name: str, known: dict[str, Command]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
    return f"command line: unknown command '{name}'; {hint}"


def _program() -> str:
    return (__package__ or "project").replace("_", "-")


def _project_root() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIG).is_file():
            return folder
    raise ValueError(f"{here}: no {CONFIG} here or above; run this inside the project")


def _complain(text: str, code: int) -> int:
    sys.stderr.write(text + "\n")
    return code


@contextmanager
def _stoppable() -> Iterator[None]:
    """Within, a request to stop ends the command in order, so that its record can say so."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # signals belong to the main thread; elsewhere the caller handles them
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
