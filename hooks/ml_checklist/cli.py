"""Command-line entry point: parses arguments, runs one command, decides the exit code.

0 met, 1 not met or a regression, 2 bad data or usage, 3 a probe broke.
"""

import argparse
import importlib
import io
import os
import sys
from typing import NoReturn

from ml_checklist import __version__
from ml_checklist.errors import DataError, ProbeError

NOT_MET, BAD, BROKEN, INTERRUPTED = 1, 2, 3, 130
EPILOG = "exit codes: 0 met | 1 not met or a regression | 2 bad data or usage | 3 a probe broke"

# Command -> the module of `commands` that holds it, and its help. Only the module of the command
# that was asked for is imported: most of what a short command costs is imports.
COMMANDS = {
    "start": ("start", "the project facts, asked once"),
    "status": ("look", "where we stand, what is next"),
    "next": ("look", "the cheapest open items of the next gate, each with its command"),
    "show": ("look", "one item: why, how, options, papers, its state and its evidence"),
    "draft": ("start", "write what reports know into the documents, for a person to sign"),
    "tick": ("sign", "sign an item off, with evidence"),
    "waive": ("sign", "excuse an item for a time, approved by another person"),
    "decline": ("sign", "leave a `should` undone, for a reason"),
    "reopen": ("sign", "take a tick, a waiver or a decline back"),
    "validate": ("validate", "check data: schemas, ids, aliases, orphans, dates"),
    "gate": ("gates", "is everything met for this gate?"),
    "promote": ("gates", "claim the next phase, if its gate holds"),
    "diff": ("changes", "what this branch ticks, proves, loses, touches"),
    "news": ("changes", "what the last update of the catalog brought"),
    "expiring": ("expiring", "ticks and waivers that expire soon; nothing when there are none"),
    "report": ("report", "everything, as text, Markdown, HTML, JSON or Mermaid"),
}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(BAD)


def build_parser(chosen: str) -> argparse.ArgumentParser:
    """The parser of `checklist`; of its commands only the chosen one knows its arguments."""
    description = "What is proven, signed off, stale and open."
    parser = Parser(prog="checklist", description=description, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"ml-checklist {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, (module, help_) in COMMANDS.items():
        command = commands.add_parser(name, help=help_, description=help_, epilog=EPILOG)
        if name == chosen:
            add = command.add_argument_group("where").add_argument
            add("--root", metavar="DIR", help="the project, instead of the folder you are in")
            add("--catalog", metavar="DIR", help="use this catalog instead of the project's own")
            add("--today", metavar="DATE", help="as if it were this day")
            loaded = importlib.import_module(f"ml_checklist.commands.{module}")
            run, arguments = loaded.COMMANDS[name]
            for names, options in arguments:
                command.add_argument(*names, **options)
            command.set_defaults(run=run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command of `argv`, `status` by default, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or LANG=C may not know a character of a title; show `?`, do not die.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    words = (sys.argv[1:] if argv is None else argv) or ["status"]
    chosen = next((word for word in words if word in COMMANDS), "")
    args = build_parser(chosen).parse_args(words)
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    try:
        return 0 if args.run(args) else NOT_MET
    except (DataError, ProbeError) as error:
        print(error, file=sys.stderr)
        return BROKEN if isinstance(error, ProbeError) else BAD
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
