"""The audit trail below data/served/trail/: `trail` verifies it."""

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic_core import from_json

from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log

FOLDER = Path("data", "served", "trail")
# HEAD: the last line that was written. ANCHOR: the last one that `purge` deleted.
HEAD, ANCHOR, LOCK = "head.json", "anchor.json", ".lock"
# The SHA-256 of a line; the file that it ends, and the size of that.
START: dict[str, Any] = {"sha256": "0" * 64, "file": "0.jsonl", "size": 0}


def append(folder: Path, records: Sequence[bytes]) -> None:
    """Add a line for each record, bound to the one before; several services may share a folder.

    records: JSON objects. Lines count once HEAD has the last one: what a killed process or a full
    disk left after it is cut off by the next call. Raises OSError where there is no room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / LOCK, timeout=10):
        if not any(folder.glob("*.json*")):
            write_json(folder / HEAD, START)
        head = _read_link(folder / HEAD)
        previous, lines = head["sha256"], b""
        for record in records:
            line = b'{"previous":"%b",%b' % (previous.encode(), record[1:])
            previous, lines = _sha256(line), lines + line + b"\n"
        name = max(f"{datetime.now(UTC):%Y-%m-%d}.jsonl", head["file"])  # a clock may go back
        with (folder / name).open("ab") as file:
            size = file.tell()
            if (folder / HEAD).is_file():  # without it nothing is known to be too much
                size = min(size, head["size"] if name == head["file"] else 0)
            file.truncate(size)
            file.write(lines)
        write_json(folder / HEAD, {"sha256": previous, "file": name, "size": size + len(lines)})


def _sha256(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _read_link(path: Path) -> dict[str, Any]:
    return dict(read_json(path)) if path.is_file() else START


def files(root: Path) -> list[Path]:
    """One a day, the oldest first."""
    return sorted((root / FOLDER).glob("*.jsonl"))


def keep_anchor(deleted: Sequence[Path]) -> None:
    """Keep where the chain goes on, before its oldest files are deleted."""
    if deleted:
        last = max(deleted).read_bytes().splitlines()[-1]
        write_json(deleted[0].with_name(ANCHOR), {"sha256": _sha256(last)})


def records(root: Path, text: str = "") -> Iterator[dict[str, Any]]:
    """The lines, in order, that hold this text; none half written."""
    for path in files(root):
        for line in path.read_bytes().splitlines():
            if text.encode() in line and line.endswith(b"}"):
                yield from_json(line)


def run(args: argparse.Namespace) -> None:
    """Print the head; raises CheckFailed with the first line that is not as it was written."""
    head, n_files = verify(args.root), len(files(args.root))
    log("trail", f"{n_files} files hold together; keep the head elsewhere:\n{'':10}{head}")


def verify(root: Path) -> str:
    """The SHA-256 of the last line; raises CheckFailed that names the place of the first fault."""
    folder, place = root / FOLDER, FOLDER.as_posix()
    previous = str(_read_link(folder / ANCHOR)["sha256"])
    missing = {_read_link(folder / HEAD)["sha256"]} - {previous, START["sha256"]}
    for path in files(root):
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            before, place = place, f"{path.relative_to(root).as_posix()} line {number}"
            if not line.startswith(b'{"previous":"%b"' % previous.encode()):
                fault = "one was changed, or lines between them were removed or added"
                raise CheckFailed(f"{place}: does not follow {before}; {fault}")
            previous = _sha256(line)
            missing.discard(previous)
    if missing:
        raise CheckFailed(f"{place}: was changed, or lines after it were removed")
    return previous
