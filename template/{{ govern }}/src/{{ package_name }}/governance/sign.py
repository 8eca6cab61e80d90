"""Sign a registered version with ed25519: `sign VERSION`; `sign --check VERSION` verifies it."""

import argparse
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..registry.versions import CHALLENGER, resolve
from ..serving.export import ensure_exported
from ..utils.errors import CheckFailed
from ..utils.files import read_json, sha256_of_file, sha256_of_json, write_json
from ..utils.logs import log
from .settings import load_governance
from .subjects import record_subjects

SIGNATURE = "signature.json"
KEY_ENV = "SIGNING_KEY"  # the environment variable that names the file with the private key
PEM = serialization.Encoding.PEM


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The version, `--check`, or a file for a new key."""
    parser.add_argument("version", nargs="?", default=CHALLENGER, help="default: challenger")
    parser.add_argument("--check", action="store_true", help="verify the signature")
    text = "write a private key, and conf/signing.pub"
    parser.add_argument("--new-key", metavar="FILE", help=text)


def run(args: argparse.Namespace) -> None:
    """Sign or verify; raises CheckFailed with the first file that is not as it was signed."""
    public = args.root / load_governance(args.root).signatures.public_key
    if args.new_key:
        return _new_key(Path(args.new_key), public)
    folder = resolve(args.root, args.version)
    if not args.check:
        return _sign(args.root, folder)
    try:
        check_signature(folder, public)
    except ValueError as error:
        raise CheckFailed(str(error)) from error
    log("sign", f"version {folder.name} is as it was signed")


def _new_key(private: Path, public: Path) -> None:
    """Write a new pair of keys as PEM files."""
    for path in (private, public):
        if path.exists():
            raise ValueError(f"{path}: there is a key already; delete it if it is not needed")
    key, plain = Ed25519PrivateKey.generate(), serialization.NoEncryption()
    private.touch(0o600)
    private.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(PEM, form))
    log("sign", f"{private}: keep it secret, and not in this repository")
    log("", f"{public}: commit it")


def _sign(root: Path, folder: Path) -> None:
    """Export the version, so that what serves it is signed as well, and sign its files."""
    name = os.environ.get(KEY_ENV)
    if not name:
        raise ValueError(f"{KEY_ENV} is not set; it names the file with the private key")
    key = serialization.load_pem_private_key(Path(name).read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{name}: not an ed25519 key; `sign --new-key` makes one")
    ensure_exported(folder)
    record_subjects(root)
    files = _hashes(folder)
    (folder / SIGNATURE).unlink(missing_ok=True)
    content = {"files": files, "signature": key.sign(_message(folder, files)).hex()}
    write_json(folder / SIGNATURE, content)
    log("sign", f"version {folder.name}: {len(files)} files")


def check_signature(folder: Path, key: Path) -> None:
    """Raise ValueError unless the folder holds exactly the files that were signed.

    key: the PEM file of the public key.
    """
    path, shown = folder / SIGNATURE, f"models/{folder.name}"
    if not path.is_file():
        raise ValueError(f"{shown}: is not signed; `sign {folder.name}`")
    content, files = read_json(path), _hashes(folder)
    public = serialization.load_pem_public_key(key.read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError(f"{key}: not an ed25519 key")
    try:
        public.verify(bytes.fromhex(content["signature"]), _message(folder, content["files"]))
    except (InvalidSignature, ValueError, KeyError) as error:
        raise ValueError(f"{shown}/{SIGNATURE}: not made with {key}") from error
    names = sorted(content["files"].keys() | files.keys())
    if changed := [name for name in names if content["files"].get(name) != files.get(name)]:
        raise ValueError(f"{shown}/{changed[0]}: changed since it was signed")


def _hashes(folder: Path) -> dict[str, str]:
    """File -> SHA-256 of everything in the folder but the signature."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: sha256_of_file(path) for name, path in names.items() if name != SIGNATURE}


def _message(folder: Path, files: dict[str, str]) -> bytes:
    """The number of the version is part of it: version 1 cannot stand in for version 2."""
    return sha256_of_json({"version": folder.name, "files": files}).encode()
