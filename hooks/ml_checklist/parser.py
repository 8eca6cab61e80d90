"""What may be written on the command line; no command is imported here."""

import argparse

from ml_checklist import __version__

PHASES = ("poc", "mvp", "production")


def build_parser() -> argparse.ArgumentParser:
    """The parser of `checklist`."""
    parser = argparse.ArgumentParser(prog="checklist")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    v = commands.add_parser("validate")
    v.add_argument("--catalog")
    v.add_argument("--lint", action="store_true")
    return parser
