"""Keys of the service: `keys add NAME --scopes predict,feedback --days 90`, `list`, `revoke`."""

import argparse
import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from filelock import FileLock
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from ..configs.settings import Section
from ..utils.files import write_text
from ..utils.logs import log
from ..utils.names import check_name
from .settings import PATH, load_governance

SCOPES = ("predict", "feedback", "metrics", "admin")  # admin: everything
NAME = r"^[\w.@-]{1,64}$"
ACTIONS = ("add", "list", "revoke")


class Key(Section):
    """A key without the key: its SHA-256, whose it is, what it may do, and when."""

    name: Annotated[str, Field(pattern=NAME)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    scopes: tuple[str, ...]
    not_before: AwareDatetime
    expires: AwareDatetime

    @property
    def id(self) -> str:
        """How `list` and `revoke` name it."""
        return self.sha256[:8]

    def is_valid(self, now: datetime) -> bool:
        """Whether it may be used at this moment."""
        return self.not_before <= now < self.expires


KEYS = TypeAdapter(list[Key])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action, whose key, and what it may do."""
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("name", nargs="?", help="whose key; for revoke a name or an id")
    parser.add_argument("--scopes", default="predict", help=f"of {', '.join(SCOPES)}; with commas")
    parser.add_argument("--days", type=int, default=90, help="until it expires (default: 90)")


def run(args: argparse.Namespace) -> None:
    """Change or list the keys; the running service notices by itself."""
    file = load_governance(args.root).keys.file
    if file is None:
        raise ValueError(f"{PATH}: keys.file is null; write models/keys.json there")
    path = args.root / file
    if args.action == "list":
        return _list(read_keys(path))
    if args.name is None:
        raise ValueError(f"command line: keys {args.action} needs a name")
    with FileLock(path.with_name(f".{path.name}.lock")):
        known = read_keys(path) if path.is_file() else []
        changed = _add(known, args) if args.action == "add" else _revoke(known, args.name)
        write_text(path, KEYS.dump_json(changed, indent=2).decode() + "\n")
        path.chmod(0o600)


def read_keys(path: Path) -> list[Key]:
    """The keys of a file; raises ValueError where it is broken, OSError where it is missing."""
    try:
        return KEYS.validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path}: {error.errors()[0]['msg']}; restore it") from error


def sha256(key: bytes) -> str:
    """Enough for keys of 256 random bits, which nobody can guess."""
    return hashlib.sha256(key).hexdigest()


def _add(known: list[Key], args: argparse.Namespace) -> list[Key]:
    scopes = tuple(scope.strip() for scope in args.scopes.split(","))
    for scope in scopes:
        check_name(scope, SCOPES, "--scopes")
    if not re.fullmatch(NAME, args.name):
        raise ValueError(f"{args.name!r}: a name has letters, digits and . @ - _")
    now, key = datetime.now(UTC), secrets.token_urlsafe(32)
    ends, hidden = now + timedelta(days=args.days), sha256(key.encode())
    added = Key(name=args.name, sha256=hidden, scopes=scopes, not_before=now, expires=ends)
    log("keys", f"{added.id} for {args.name}, until {ends:%Y-%m-%d}; shown once:")
    log("", key)
    return [*known, added]


def _revoke(known: list[Key], name: str) -> list[Key]:
    kept = [key for key in known if name not in (key.name, key.id)]
    if len(kept) == len(known):
        names = [key.name for key in known] + [key.id for key in known]
        check_name(name, names, "keys revoke")
    log("keys", f"{len(known) - len(kept)} revoked")
    return kept


def _list(known: list[Key]) -> None:
    now = datetime.now(UTC)
    for key in known:
        state = "valid" if key.is_valid(now) else "not valid"
        what = f"{key.id}  {key.name:<12}  {','.join(key.scopes):<18}  {state}"
        log("keys", f"{what}, {key.not_before:%Y-%m-%d} to {key.expires:%Y-%m-%d}")
