"""Verify the signature of a registered version: `verify VERSION`."""

import argparse

from ..registry.versions import CHAMPION, resolve
from ..utils.errors import CheckFailed
from ..utils.logs import log
from .settings import load_governance
from .signatures import check_signature


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The version."""
    parser.add_argument("version", nargs="?", default=CHAMPION, help="default: champion")


def run(args: argparse.Namespace) -> None:
    """Raises CheckFailed with the first file that is not as it was signed."""
    folder = resolve(args.root, args.version)
    try:
        check_signature(args.root, folder, load_governance(args.root).signatures)
    except ValueError as error:
        raise CheckFailed(str(error)) from error
    log("verify", f"version {folder.name} is as it was signed")
