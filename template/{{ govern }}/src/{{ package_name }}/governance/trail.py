"""The audit trail below data/served/trail/: verify it with `trail verify`."""

import argparse
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from pydantic_core import from_json, to_json

from .. import serving
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from .settings import Trail
from .subjects import pseudonym

LOGGER = logging.getLogger(f"{serving.__name__}.governance")  # where the service logs
FOLDER = Path("data", "served", "trail")
# HEAD: the last line that was written. ANCHOR: the last one that `purge` deleted.
HEAD, ANCHOR, LOCK = "head.json", "anchor.json", ".lock"
DAY = "%Y-%m-%d"
OWN = b',"sha256":"'  # what a line adds to the text that it hashes
N_OWN = len(OWN) + 64 + 2


class Link(NamedTuple):
    """A place in the chain: the number of a line, and its SHA-256."""

    n: int
    sha256: str


START = Link(0, "0" * 64)


class TrailWriter:
    """Appends records in a thread; what cannot be written is counted, and named in the trail."""

    def __init__(self, root: Path, settings: Trail, on_lost: Callable[[int], None]) -> None:
        self.root, self.settings, self._on_lost = root, settings, on_lost
        self._chain = Chain(root / FOLDER)
        self._waiting: list[Mapping[str, Any]] = []
        self._n_lost = 0  # not yet named in the trail
        self._mutex, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="trail", daemon=True)

    def put(self, record: Mapping[str, Any]) -> None:
        """Hand a record over; never waits."""
        with self._mutex:
            is_full = len(self._waiting) >= self.settings.queue or self._stop.is_set()
            if not is_full:
                self._waiting.append(record)
        if is_full:
            self._lose(1)
        elif self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._stop.wait(self.settings.flush_s)
            with self._mutex:
                waiting, self._waiting = self._waiting, []
                n_lost, self._n_lost = self._n_lost, 0
            if n_lost:
                waiting = [{"time": now(), "lost": n_lost}, *waiting]
            try:
                self._chain.append([self._hidden(record) for record in waiting])
            except Exception as error:  # nothing may end this thread
                LOGGER.error("trail-failing", extra={"facts": {"error": str(error)}})
                with self._mutex:
                    self._n_lost += n_lost  # counted before
                self._lose(len(waiting) - bool(n_lost))

    def _hidden(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record with a pseudonym for the person."""
        if "subject" not in record:
            return record
        return {**record, "subject": pseudonym(self.root, record["subject"])}

    def _lose(self, n_records: int) -> None:
        with self._mutex:
            self._n_lost += n_records
        self._on_lost(n_records)


def now() -> str:
    """This moment in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Chain:
    """Lines in the file of today, each bound to the one before; several services may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: tuple[Path, int, Link] | None = None  # file, its size, its last line

    def append(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add records; raises OSError where there is no room, and then adds none."""
        if not records:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / LOCK, timeout=10):
            newest = max(self.folder.glob("*.jsonl"), default=None)
            last, lines = self._last(newest), []
            for record in records:
                link = {"n": last.n + 1, "previous": last.sha256}
                text = to_json(link | dict(record), fallback=str)
                last = Link(last.n + 1, hashlib.sha256(text).hexdigest())
                lines.append(text[:-1] + OWN + last.sha256.encode() + b'"}\n')
            today = self.folder / f"{datetime.now(UTC):{DAY}}.jsonl"
            path = max(today, newest or today)  # a clock may go back
            self._known = (path, _write(path, b"".join(lines)), last)
            write_json(self.folder / HEAD, last._asdict())

    def _last(self, newest: Path | None) -> Link:
        """The end of the chain; a half line, of a process that was killed, is cut off."""
        if newest is None:
            return _link(self.folder / ANCHOR)
        if self._known and self._known[:2] == (newest, newest.stat().st_size):
            return self._known[2]
        with newest.open("r+b") as file:
            content = file.read()
            whole = content[: content.rfind(b"\n") + 1]
            file.truncate(len(whole))
        if not whole:
            newest.unlink()
            return self._last(max(self.folder.glob("*.jsonl"), default=None))
        found = from_json(whole.splitlines()[-1])
        return Link(found["n"], found["sha256"])


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


def _link(path: Path) -> Link:
    return Link(**read_json(path)) if path.is_file() else START


def files(root: Path) -> list[Path]:
    """One a day, the oldest first."""
    return sorted((root / FOLDER).glob("*.jsonl"))


def day_of(path: Path) -> datetime:
    """The end of the day that a file is about."""
    day = datetime.strptime(path.stem, DAY).replace(tzinfo=UTC)
    return day.replace(hour=23, minute=59)


def keep_anchor(root: Path, deleted: Sequence[Path]) -> None:
    """Keep where the chain goes on, before its oldest files are deleted."""
    lines = [line for path in sorted(deleted)[-1:] for line in path.read_bytes().splitlines()]
    if lines:
        found = from_json(lines[-1])
        write_json(root / FOLDER / ANCHOR, Link(found["n"], found["sha256"])._asdict())


def records(root: Path) -> Iterator[dict[str, Any]]:
    """What the trail holds, in order."""
    for path in files(root):
        for line in path.read_bytes().splitlines():
            yield from_json(line)


def predictions_about(root: Path, pseudonym: str) -> set[str]:
    """Ids of predictions whose request named this person in the header."""
    needle = pseudonym.encode()
    lines = (line for path in files(root) for line in path.read_bytes().splitlines())
    found = [from_json(line) for line in lines if needle in line]
    theirs = [one for one in found if one.get("subject") == pseudonym]
    return {name for one in theirs for name in one["predictions"]}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`verify`, and the end that was noted elsewhere."""
    parser.add_argument("action", choices=["verify"])
    parser.add_argument("--head", metavar="SHA256", help="a line that must be there")


def run(args: argparse.Namespace) -> None:
    """Print the head; raises CheckFailed with the first line that is not as it was written."""
    started = time.perf_counter()
    last = verify(args.root, args.head)
    log("trail", f"{last.n} lines in {len(files(args.root))} files hold together")
    log("", f"head {last.sha256}; keep it elsewhere ({time.perf_counter() - started:.1f} s)")


def verify(root: Path, head: str | None = None) -> Link:
    """The end of the chain; raises CheckFailed that names file and line of the first fault."""
    folder = root / FOLDER
    last, wanted = _link(folder / ANCHOR), [_link(folder / HEAD).sha256, head]
    missing = {one for one in wanted if one} - {last.sha256}
    for path in files(root):
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            last = _checked(line, last, f"{path.relative_to(root).as_posix()} line {number}")
            missing.discard(last.sha256)
        if not path.read_bytes().endswith(b"\n"):
            raise CheckFailed(f"{path.relative_to(root).as_posix()}: its last line is cut off")
    if missing:
        raise CheckFailed(f"{FOLDER.as_posix()}: lines after number {last.n} were removed")
    return last


def _checked(line: bytes, last: Link, place: str) -> Link:
    text, own = line[:-N_OWN] + b"}", line[-66:-2].decode("latin-1")
    if line[-N_OWN:-66] != OWN or hashlib.sha256(text).hexdigest() != own:
        raise CheckFailed(f"{place}: was changed")
    found = from_json(text)
    if found["n"] > last.n + 1:
        raise CheckFailed(f"{place}: lines {last.n + 1} to {found['n'] - 1} were removed before it")
    if found["n"] <= last.n:
        raise CheckFailed(f"{place}: was inserted")
    if found["previous"] != last.sha256:
        raise CheckFailed(f"{place}: the line before it (number {last.n}) was replaced")
    return Link(found["n"], own)
