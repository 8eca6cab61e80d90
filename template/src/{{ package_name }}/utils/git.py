"""Which commit this is, and whether files differ from it."""

import subprocess
from pathlib import Path


def state(root: Path) -> dict[str, str | bool | None]:
    """`commit` and `dirty`; both None outside git, or before the first commit."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain"))}


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
