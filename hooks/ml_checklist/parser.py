"""What may be written on the command line; no command is imported here."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from ml_checklist import __version__

PHASES = ("poc", "mvp", "production")
FORMATS = ("text", "md", "html", "json", "mermaid")
EPILOG = "exit codes: 0 met | 1 not met or a regression | 2 bad data or usage | 3 a probe broke"


class Parser(argparse.ArgumentParser):
    """An argument parser that says a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def build_parser() -> argparse.ArgumentParser:
    """The parser of `checklist`, all commands included."""
    parser = Parser(
        prog="checklist", description="What is proven, vouched for, stale and open.", epilog=EPILOG
    )
    parser.add_argument("--version", action="version", version=f"ml-checklist {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    common = _common()
    for name, (help_, fill) in COMMANDS.items():
        command = commands.add_parser(
            name, help=help_, description=help_, parents=[common], epilog=EPILOG
        )
        fill(command)
    return parser


def _common() -> "Parser":
    common = Parser(add_help=False)
    place = common.add_argument_group("where")
    place.add_argument(
        "--root", metavar="DIR", help="the project, instead of the folder you are in"
    )
    place.add_argument(
        "--catalog", metavar="DIR", help="judge by this catalog instead of the project's own"
    )
    place.add_argument("--today", metavar="DATE", help="as if it were this day")
    return common


def _format(parser: argparse.ArgumentParser, *formats: str) -> None:
    parser.add_argument(
        "--format", choices=formats or ("text", "json"), default=(formats or ("text",))[0]
    )


def _status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="every item, by section")
    _format(parser)


def _next(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", type=int, default=5, metavar="N", help="how many (5)")
    parser.add_argument(
        "--gate", choices=PHASES, help="of this gate, instead of the one you work towards"
    )
    _format(parser)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", metavar="ID")
    _format(parser)


def _tick(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("items", nargs="*", metavar="ID", help="without one, it asks")
    parser.add_argument(
        "-e",
        "--evidence",
        action="append",
        default=[],
        metavar="PATH|URL",
        help="a file, folder, file#heading or address; may be given again",
    )
    parser.add_argument("--na", metavar="REASON", help="it does not apply, and why")
    parser.add_argument("--note", help="a word beside the evidence")
    parser.add_argument("--by", metavar="HANDLE", help="who vouches; git's user by default")


def _waive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", metavar="ID")
    parser.add_argument("--reason", required=True, help="why it is not met")
    parser.add_argument(
        "--until", required=True, metavar="DATE", help="the last day, at most 180 days from now"
    )
    parser.add_argument(
        "--approver", required=True, metavar="HANDLE", help="who allows it; somebody else"
    )
    parser.add_argument("--by", metavar="HANDLE", help="who asks; git's user by default")


def _reopen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("items", nargs="+", metavar="ID")


def _validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lint",
        action="store_true",
        help="also hold the catalog to its floors: references, options, papers, wording",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="ignored: everything is checked (pre-commit names files)",
    )
    _format(parser)


def _gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "phase", nargs="?", choices=PHASES, help="default: what the declared phase claims"
    )
    parser.add_argument(
        "--calendar", action="store_true", help="what has aged or expired counts too"
    )
    _format(parser)


def _promote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("phase", choices=("mvp", "production", "live", "poc"))


def _report(parser: argparse.ArgumentParser) -> None:
    _format(parser, *FORMATS)
    parser.add_argument(
        "--view", metavar="NAME", help="the same items in another order, such as ml-test-score"
    )
    parser.add_argument("--section", metavar="NAME", help="one section only")
    parser.add_argument("--output", "-o", metavar="FILE", help="write there instead of printing")


def _start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "facts",
        nargs="*",
        metavar="FACT=VALUE",
        help="such as has_time=true serving=batch; without one, it asks",
    )
    parser.add_argument("--again", action="store_true", help="ask what was answered before, too")
    _format(parser)


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help="the branch or commit to compare with")
    parser.add_argument(
        "--base-proofs",
        metavar="FILE",
        help="the test report of BASE, .checklist/proofs.json of its last run",
    )
    parser.add_argument(
        "--calendar", action="store_true", help="what has aged or expired counts too"
    )
    _format(parser, "text", "md", "json")


def _news(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        metavar="REV",
        help="compare with the catalog of this commit; default: before its last change",
    )
    _format(parser, "text", "md", "json")


def _expiring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=30, metavar="N", help="how far ahead (30)")
    _format(parser, "md", "json")


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "items"))


COMMANDS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "start": ("the project facts, asked once", _start),
    "status": ("where we stand, what is next", _status),
    "next": ("the cheapest open items of the next gate, each with its command", _next),
    "show": ("one item: why, how, options, papers, its state and its evidence", _show),
    "tick": ("vouch for an item, with evidence", _tick),
    "waive": ("applies, not met, for a time, by another person", _waive),
    "reopen": ("take a tick or a waiver back", _reopen),
    "validate": ("check data: schemas, ids, aliases, orphans, dates", _validate),
    "gate": ("is everything met for this gate?", _gate),
    "promote": ("claim the next phase, if its gate holds", _promote),
    "diff": ("what this branch ticks, proves, loses, touches", _diff),
    "news": ("what the last update of the catalog brought", _news),
    "expiring": ("what ages or ends soon, as a list; nothing when there is nothing", _expiring),
    "report": ("everything, as text, Markdown, HTML, JSON or Mermaid", _report),
    "completion": ("words for the shell to complete", _completion),
}
