"""Record which code, packages and platform produced a result."""

import hashlib
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

# Packages that can change a number; uv.lock names the rest.
PACKAGES = ("numpy", "polars", "scikit-learn", "scipy", "skops")


def git_state(root: Path, *paths: str) -> dict[str, str | bool | None]:
    """`commit` and `dirty` (of these paths); both None outside git or before the first commit."""
    commit = git(root, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(git(root, "status", "--porcelain", "--", *paths))}


def environment() -> dict[str, Any]:
    """Python's version, the platform and the versions of PACKAGES."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }


def tree_id(root: Path, folder: str) -> str:
    """SHA-256 over sorted lines "<path> <git blob id>" of the files under root/folder.

    Line ends are read as LF, so that a checkout on Windows has the same id. The checklist tool
    computes the same value; a report with another one is stale.
    """
    blobs = {}
    for path in (root / folder).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes().replace(b"\r\n", b"\n")
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content)
            blobs[path.relative_to(root).as_posix()] = blob.hexdigest()
    lines = [f"{name} {blob}\n" for name, blob in sorted(blobs.items())]
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def git(root: Path, *words: str) -> str | None:
    """What a git command prints; None where it fails, or there is no git."""
    command = ["git", *words]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
