"""Sign a registered version with ed25519: `sign KEY VERSION`."""

import argparse
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from ..registry.versions import CHALLENGER, resolve
from ..serving.export import ensure_exported
from ..utils.files import sha256_of_file, sha256_of_json
from ..utils.logs import log

SIGNATURE = "signature"  # 64 bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The private key, and the version."""
    parser.add_argument("key", type=Path, help="a PEM file, which is kept elsewhere")
    parser.add_argument("version", nargs="?", default=CHALLENGER, help="default: challenger")


def run(args: argparse.Namespace) -> None:
    """Export the version, so that what serves it is signed as well, and sign its files."""
    folder = resolve(args.root, args.version)
    key = load_pem_private_key(args.key.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{args.key}: not an ed25519 key; docs/governance.md has how to make one")
    ensure_exported(folder)
    (folder / SIGNATURE).write_bytes(key.sign(_message(folder)))
    log("sign", f"version {folder.name}")


def check_signature(folder: Path, key: Path) -> None:
    """Raise ValueError unless the folder is as it was signed. key: the PEM of the public key."""
    path, shown = folder / SIGNATURE, f"models/{folder.name}"
    if not path.is_file():
        raise ValueError(f"{shown}: is not signed; `sign KEY {folder.name}`")
    try:
        public = cast(Ed25519PublicKey, load_pem_public_key(key.read_bytes()))
        public.verify(path.read_bytes(), _message(folder))
    except (InvalidSignature, TypeError) as error:
        raise ValueError(f"{shown}: changed since it was signed, or not with {key}") from error


def _message(folder: Path) -> bytes:
    """Number and files of a version: version 1 cannot stand in for version 2."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    files = {path.relative_to(folder).as_posix(): sha256_of_file(path) for path in paths}
    files.pop(SIGNATURE, None)
    return sha256_of_json({"version": folder.name, "files": files}).encode()
