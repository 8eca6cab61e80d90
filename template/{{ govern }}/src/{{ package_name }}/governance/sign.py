"""Sign a registered version: `sign VERSION`, after `sign --new-key FILE` once."""

import argparse
import os
from pathlib import Path

from ..registry.versions import CHALLENGER, resolve
from ..serving.export import ensure_exported
from ..utils.logs import log
from .settings import load_governance
from .signatures import new_key, read_private, sign
from .subjects import record_now


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The version, or a file for a new key."""
    parser.add_argument("version", nargs="?", default=CHALLENGER, help="default: challenger")
    parser.add_argument(
        "--new-key", metavar="FILE", help="write a private key, and conf/signing.pub"
    )


def run(args: argparse.Namespace) -> None:
    """Export the version, so that what serves it is signed as well, and sign its files."""
    settings = load_governance(args.root).signatures
    if args.new_key:
        new_key(Path(args.new_key), args.root / settings.public_key)
        log("sign", f"{args.new_key}: keep it secret, and not in this repository")
        return log("", f"{settings.public_key}: commit it")
    name = os.environ.get(settings.key_env)
    if not name:
        raise ValueError(f"{settings.key_env} is not set; it names the file with the private key")
    folder = resolve(args.root, args.version)
    ensure_exported(folder)
    record_now(args.root)
    content = sign(folder, read_private(Path(name)))
    log("sign", f"version {folder.name}: {len(content['files'])} files")
