"""The audit trail below data/served/trail/: verify it with `trail verify`."""

import argparse
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from pydantic_core import from_json, to_json

from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log

FOLDER = Path("data", "served", "trail")
# HEAD: the last line that was written. ANCHOR: the last one that `purge` deleted.
HEAD, ANCHOR, LOCK = "head.json", "anchor.json", ".lock"
DAY = "%Y-%m-%d"


class Link(NamedTuple):
    """The number of a line and its SHA-256; the file that it ends, and the size of that."""

    n: int
    sha256: str
    file: str = ""
    size: int = 0


START = Link(0, "0" * 64)


def append(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Add a line for each record, bound to the one before; several services may share a folder.

    Raises OSError where there is no room, and then adds none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / LOCK, timeout=10):
        newest = max(folder.glob("*.jsonl"), default=None)
        last, lines = _end(folder, newest), []
        for record in records:
            link = {"n": last.n + 1, "previous": last.sha256}
            lines.append(to_json(link | dict(record), fallback=str))
            last = Link(last.n + 1, hashlib.sha256(lines[-1]).hexdigest())
        today = folder / f"{datetime.now(UTC):{DAY}}.jsonl"
        path = max(today, newest or today)  # a clock may go back
        size = _write(path, b"".join(line + b"\n" for line in lines))
        with suppress(OSError):  # the lines are written; `_end` does without
            write_json(folder / HEAD, last._replace(file=path.name, size=size)._asdict())


def _end(folder: Path, newest: Path | None) -> Link:
    """The last line; where a process was killed, its half line is cut off."""
    head = _read_link(folder / HEAD)
    if newest is None or (newest.name, newest.stat().st_size) == (head.file, head.size):
        return head
    with newest.open("r+b") as file:
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        file.truncate(len(whole))
    return max(head, _last_line(whole))


def _last_line(content: bytes) -> Link:
    line = content.rstrip(b"\n").rpartition(b"\n")[2]
    return Link(from_json(line)["n"], hashlib.sha256(line).hexdigest()) if line else START


def _write(path: Path, lines: bytes) -> int:
    """The new size of the file."""
    with path.open("ab", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        try:
            if file.write(lines) != len(lines):
                raise OSError(f"{path}: no room")
        except OSError:
            file.truncate(size)  # no half line stays
            raise
    return size + len(lines)


def _read_link(path: Path) -> Link:
    return Link(**read_json(path)) if path.is_file() else START


def files(root: Path) -> list[Path]:
    """One a day, the oldest first."""
    return sorted((root / FOLDER).glob("*.jsonl"))


def keep_anchor(root: Path, deleted: Sequence[Path]) -> None:
    """Keep where the chain goes on, before its oldest files are deleted."""
    if deleted:
        path = root / FOLDER / ANCHOR
        last = max(_read_link(path), _last_line(max(deleted).read_bytes()))
        write_json(path, last._asdict())


def records(root: Path, text: str = "") -> Iterator[dict[str, Any]]:
    """What the trail holds, in order; only lines with this text, and none half written."""
    for path in files(root):
        for line in path.read_bytes().splitlines():
            if text.encode() in line and line.endswith(b"}"):
                yield from_json(line)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`verify`, and the end that was noted elsewhere."""
    parser.add_argument("action", choices=["verify"])
    parser.add_argument("--head", metavar="SHA256", help="a line that must be there")


def run(args: argparse.Namespace) -> None:
    """Print the head; raises CheckFailed with the first line that is not as it was written."""
    last = verify(args.root, args.head)
    log("trail", f"{last.n} lines in {len(files(args.root))} files hold together")
    log("", f"head {last.sha256}; keep it elsewhere")


def verify(root: Path, head: str | None = None) -> Link:
    """The end of the chain; raises CheckFailed that names file and line of the first fault."""
    folder = root / FOLDER
    last, place = _read_link(folder / ANCHOR), FOLDER.as_posix()
    missing = {_read_link(folder / HEAD).sha256, head or START.sha256}
    missing -= {last.sha256, START.sha256}
    for path in files(root):
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            before, place = place, f"{path.relative_to(root).as_posix()} line {number}"
            last = _follow(line, last, place, before)
            missing.discard(last.sha256)
    if missing:
        raise CheckFailed(f"{place}: was changed, or lines after it were removed")
    return last


def _follow(line: bytes, last: Link, place: str, before: str) -> Link:
    """The link of a line; place, before: where it is, and the line that it must be bound to."""
    try:
        found = from_json(line)
        number, previous = found["n"], found["previous"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailed(f"{place}: was changed") from error
    if number > last.n + 1:
        raise CheckFailed(f"{place}: lines {last.n + 1} to {number - 1} were removed before it")
    if number <= last.n:
        raise CheckFailed(f"{place}: was inserted")
    if previous != last.sha256:
        raise CheckFailed(f"{before}: was changed, or its hash in the next line")
    return Link(number, hashlib.sha256(line).hexdigest())
