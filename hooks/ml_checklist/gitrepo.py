"""Ask git; None where there is no git, no repository, or no such revision."""

import subprocess
from pathlib import Path

from ml_checklist.errors import DataError

MAX_BYTES = 64 << 20
NO_REPOSITORY = "make it a repository: `git init`, then commit"


def git(root: Path, *args: str) -> str | None:
    """The standard output of one git command, None when it fails."""
    # No hook, pager or file-system monitor that the project's own config names may run here.
    safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager"]
    try:
        done = subprocess.run(["git", *safe, *args], cwd=root, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def names(root: Path, *args: str) -> list[str] | None:
    out = git(root, *args)
    return None if out is None else [name for name in out.split("\0") if name]


def top_level(root: Path) -> Path | None:
    """The folder of the work tree that `root` is in."""
    out = git(root, "rev-parse", "--show-toplevel")
    return Path(out.strip()) if out else None


def author(root: Path) -> str:
    """The name that a commit made here would carry; nothing where git knows none."""
    # Without useConfigOnly git makes a name up from the login.
    ident = git(root, "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
    return ident.partition(" <")[0].strip() if ident else ""


def commit(root: Path, revision: str) -> str:
    """The id of a commit; empty where there is no such one here."""
    found = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^0")
    return (found or "").strip()


def merge_base(top: Path, base: str) -> str:
    """The commit where this branch left `base`."""
    tip = commit(top, base)
    if not tip:
        raise DataError(f"{base}: no such commit here; fetch it (in CI: fetch-depth: 0)")
    found = git(top, "merge-base", tip, "HEAD")
    if not found:
        remedy = "fetch all of it (in CI: fetch-depth: 0)"
        raise DataError(f"{base}: shares no history with HEAD; {remedy}")
    return found.strip()


def lay_out(top: Path, revision: str, into: Path) -> None:
    """Write the files of a revision, but no links and nothing huge."""
    wanted = {}
    for line in names(top, "ls-tree", "-r", "-l", "-z", "--full-tree", revision) or ():
        meta, _, name = line.partition("\t")
        mode, kind, blob, size = meta.split()
        if kind == "blob" and mode != "120000" and int(size) <= MAX_BYTES:
            wanted[name] = blob
    request = "".join(f"{blob}\n" for blob in wanted.values()).encode()
    command = ["git", "cat-file", "--batch"]
    done = subprocess.run(command, cwd=top, input=request, capture_output=True, check=True)
    position = 0
    for path in (into / name for name in wanted):
        end = done.stdout.index(b"\n", position)
        n_bytes = int(done.stdout[position:end].split()[2])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(done.stdout[end + 1 : end + 1 + n_bytes])
        position = end + 1 + n_bytes + 1
