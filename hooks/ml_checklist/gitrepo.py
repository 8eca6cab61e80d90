"""Ask git; None where there is no git, no repository, or no such revision."""

import subprocess
from pathlib import Path

NO_REPOSITORY = "make it a repository: `git init`, then commit"


def git(root: Path, *args: str) -> str | None:
    """The standard output of one git command, None when it fails."""
    raw = git_bytes(root, *args)
    return None if raw is None else raw.decode("utf-8", "replace")


def git_bytes(root: Path, *args: str) -> bytes | None:
    """As `git`, for output that is not text."""
    # No hook, pager or file-system monitor that the project's own config names may run here.
    safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager"]
    try:
        done = subprocess.run(["git", *safe, *args], cwd=root, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def names(root: Path, *args: str) -> list[str] | None:
    """The NUL-separated names that a git command prints."""
    out = git(root, *args)
    return None if out is None else [name for name in out.split("\0") if name]


def top_level(root: Path) -> Path | None:
    """The folder of the work tree that `root` is in."""
    out = git(root, "rev-parse", "--show-toplevel")
    return Path(out.strip()) if out else None


def user(root: Path) -> str:
    """The handle to sign with: `github.user`, else `user.name`, else nothing."""
    for key in ("github.user", "user.name"):
        value = (git(root, "config", "--get", key) or "").strip()
        if value:
            return f"@{value}" if key == "github.user" else value
    return ""
