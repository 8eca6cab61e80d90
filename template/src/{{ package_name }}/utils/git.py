"""Which commit this is, and whether files differ from it."""

import subprocess
from pathlib import Path


def state(root: Path, *paths: str) -> dict[str, str | bool | None]:
    """`commit` and `dirty` (of these paths alone); both None outside git or before a commit."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain", "--", *paths))}


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
