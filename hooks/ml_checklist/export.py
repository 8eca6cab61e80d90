"""Lay out the files of a revision in a folder, without a checkout and without its attributes."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from ml_checklist import gitrepo
from ml_checklist.errors import DataError

MAX_BYTES = 64 << 20


class Entry(NamedTuple):
    """One regular file of a revision."""

    name: str
    blob: str


def merge_base(top: Path, base: str) -> str:
    """The commit where this branch left `base`."""
    if (
        gitrepo.git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^0")
        is None
    ):
        raise DataError(f"{base}: no such commit here; fetch it (in CI: fetch-depth: 0)")
    found = gitrepo.git(top, "merge-base", base, "HEAD")
    if not found:
        raise DataError(
            f"{base}: shares no history with HEAD; fetch all of it (in CI: fetch-depth: 0)"
        )
    return found.strip()


def entries(top: Path, revision: str, below: str = "") -> list[Entry]:
    """The regular files of a revision.

    Links are left out, and so is what is too large to be read by a probe.
    """
    found = []
    paths = ["--", below] if below else []
    for line in (
        gitrepo.names(top, "ls-tree", "-r", "-l", "-z", "--full-tree", revision, *paths) or ()
    ):
        meta, _, name = line.partition("\t")
        mode, kind, blob, size = meta.split()
        if kind == "blob" and mode != "120000" and int(size) <= MAX_BYTES:
            found.append(Entry(name, blob))
    return found


def lay_out(top: Path, revision: str, into: Path, below: str = "") -> None:
    """Write the files of `revision` below `into`, byte for byte.

    All of them, or those of one folder.
    """
    wanted = entries(top, revision, below)
    asked = "".join(f"{entry.blob}\n" for entry in wanted).encode()
    done = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=top, input=asked, capture_output=True, check=True
    )
    position = 0
    for entry in wanted:
        end = done.stdout.index(b"\n", position)
        size = int(done.stdout[position:end].split()[2])
        path = into / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(done.stdout[end + 1 : end + 1 + size])
        position = end + 1 + size + 1
