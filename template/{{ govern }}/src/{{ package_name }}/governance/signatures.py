"""ed25519 signatures of registered versions: every file of the folder, by its SHA-256."""

from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..utils.files import read_json, sha256_of_file, sha256_of_json, write_json
from .settings import Signatures

SIGNATURE = "signature.json"
PEM = serialization.Encoding.PEM


def new_key(private: Path, public: Path) -> None:
    """Write a new pair of keys as PEM files; raises ValueError where one is there already."""
    for path in (private, public):
        if path.exists():
            raise ValueError(f"{path}: there is a key already; delete it if it is not needed")
    key, plain = Ed25519PrivateKey.generate(), serialization.NoEncryption()
    private.touch(0o600)
    private.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(PEM, form))


def read_private(path: Path) -> Ed25519PrivateKey:
    """The key of a PEM file without a password; raises ValueError."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path}: not an ed25519 key; `sign --new-key` makes one")
    return key


def sign(folder: Path, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Write signature.json: the files of the version, and the signature over their hashes."""
    files = hashes(folder)
    content = {"files": files, "signature": key.sign(_message(folder, files)).hex()}
    (folder / SIGNATURE).unlink(missing_ok=True)
    write_json(folder / SIGNATURE, content)
    return content


def check_signature(root: Path, folder: Path, settings: Signatures) -> None:
    """Raise ValueError unless the folder holds exactly the files that were signed."""
    path, shown = folder / SIGNATURE, f"models/{folder.name}"
    if not path.is_file():
        raise ValueError(f"{shown}: is not signed; `sign {folder.name}`")
    content, files = read_json(path), hashes(folder)
    public = serialization.load_pem_public_key((root / settings.public_key).read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError(f"{settings.public_key}: not an ed25519 key")
    try:
        public.verify(bytes.fromhex(content["signature"]), _message(folder, content["files"]))
    except (InvalidSignature, ValueError, KeyError) as error:
        raise ValueError(f"{shown}/{SIGNATURE}: not made with {settings.public_key}") from error
    names = sorted(content["files"].keys() | files.keys())
    if changed := [name for name in names if content["files"].get(name) != files.get(name)]:
        raise ValueError(f"{shown}/{changed[0]}: changed since it was signed")


def hashes(folder: Path) -> dict[str, str]:
    """File -> SHA-256 of everything in the folder but the signature."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: sha256_of_file(path) for name, path in names.items() if name != SIGNATURE}


def _message(folder: Path, files: dict[str, str]) -> bytes:
    """The number of the version is part of it: version 1 cannot stand in for version 2."""
    return sha256_of_json({"version": folder.name, "files": files}).encode()
