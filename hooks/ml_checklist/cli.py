"""The door: reads the command line, runs one command, decides the exit code.

0 met, 1 not met or a regression, 2 bad data or usage, 3 a probe broke.
"""

import importlib
import os
import sys

from ml_checklist.errors import DataError
from ml_checklist.parser import build_parser

MET, NOT_MET, BAD, BROKEN = 0, 1, 2, 3


def main(argv: list[str] | None = None) -> int:
    """Run the command of `argv` and return its exit code."""
    args = build_parser().parse_args(argv)
    command = importlib.import_module(f"ml_checklist.cmd_{args.command}")
    try:
        return int(command.run(args))
    except DataError as error:
        print(error, file=sys.stderr)
        return BAD
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone: point stdout elsewhere so that exit does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return MET
