"""The command line: the commands of executor/, and those of each component's commands.py."""

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .utils import logs
from .utils.errors import CheckFailed
from .utils.files import CONFIG, project_root
from .utils.names import hint

OK, FAILED, MISTAKE, INTERRUPTED = 0, 1, 2, 130
# The module of a command has its name: `add_arguments(parser)` if it takes any, and `run(args)`.
# A component lists its own commands in the same form, in COMMANDS of its commands.py.
COMMANDS = {
    "prepare": "Read the data, validate it, and split it into train, valid and test",
    "train": "Fit the baselines and the model on train, and score them on valid",
    "evaluate": "Score the newest run on the test part, and write reports/",
    "predict": "Predict the rows of a file",
    "compare": "Cross-validate models, settings or seeds on train and valid",
}


class Parser(argparse.ArgumentParser):
    """argparse that raises on a mistake, so that one place decides the exit code."""

    def error(self, message: str) -> NoReturn:
        """Raise ValueError instead of ending the process."""
        raise ValueError(f"command line: {message}; see `{self.prog} --help`")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns the exit code: 0 success, 1 a check failed, 2 a user's mistake, 130 interrupted.
    """
    if threading.current_thread() is threading.main_thread():
        # A request to stop ends the command in order, so that its run can record its end.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with logs.on_screen():
        try:
            return _dispatch(list(sys.argv[1:] if argv is None else argv))
        except SystemExit as end:  # argparse after --help
            return int(end.code or 0)
        except CheckFailed as error:
            text, code = str(error), FAILED
        except (ValueError, OSError) as error:
            text, code = str(error), MISTAKE
        except KeyboardInterrupt:
            text, code = "interrupted", INTERRUPTED
    sys.stderr.write(text + "\n")
    return code


def commands() -> dict[str, tuple[str, str]]:
    """Command name -> (package, help), of executor/ and of every component."""
    found = {name: ("executor", text) for name, text in COMMANDS.items()}
    for path in sorted(Path(__file__).parent.glob("*/commands.py")):
        package = path.parent.name
        module = importlib.import_module(f".{package}.commands", __package__)
        found |= {name: (package, text) for name, text in module.COMMANDS.items()}
    return found


def _dispatch(argv: list[str]) -> int:
    known = commands()
    program = (__package__ or "project").replace("_", "-")
    if not argv or argv[0] in ("-h", "--help"):
        width = max(len(name) for name in known)
        lines = [f"  {name:<{width}}  {text}" for name, (_, text) in known.items()]
        usage = [f"usage: {program} COMMAND [key=value ...]", "", *lines, ""]
        sys.stdout.write("\n".join([*usage, f"`{program} COMMAND --help` shows more.", ""]))
        return OK if argv else MISTAKE
    name, *words = argv
    if name not in known:
        raise ValueError(f"command line: unknown command '{name}'; {hint(name, known)}")
    package, text = known[name]
    module = importlib.import_module(f".{package}.{name.replace('-', '_')}", __package__)
    parser = Parser(f"{program} {name}", description=text, allow_abbrev=False)
    if hasattr(module, "add_arguments"):
        module.add_arguments(parser)
    help_text = f"changes a value of {CONFIG}"
    parser.add_argument("overrides", nargs="*", metavar="key=value", help=help_text)
    args = parser.parse_intermixed_args(words)
    args.root = project_root()
    module.run(args)
    return OK
