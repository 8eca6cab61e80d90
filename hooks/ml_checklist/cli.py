"""The door: reads the command line, runs one command, decides the exit code.

0 met, 1 not met or a regression, 2 bad data or usage, 3 a probe broke.
"""

import importlib
import io
import os
import sys

from ml_checklist.errors import DataError, ProbeError
from ml_checklist.parser import build_parser

NOT_MET, BAD, BROKEN, INTERRUPTED = 1, 2, 3, 130


def main(argv: list[str] | None = None) -> int:
    """Run the command of `argv` and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or LANG=C may not know a character of a title; show `?`, do not die.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = build_parser().parse_args(argv if argv is not None else sys.argv[1:] or ["status"])
    if args.command is None:
        args = build_parser().parse_args(["status"])
    command = importlib.import_module(f"ml_checklist.cmd_{args.command}")
    try:
        return 0 if command.run(args) else NOT_MET
    except DataError as error:
        print(error, file=sys.stderr)
        return BAD
    except ProbeError as error:
        print(error, file=sys.stderr)
        return BROKEN
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone: point stdout elsewhere so that exit does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return BAD
