"""Run commands; what goes wrong is one line."""

import os
import subprocess
from collections.abc import Sequence


class TemplateError(Exception):
    """It cannot be done: what is wrong, and what to do."""


# What an outer make or git left in the environment; and our own path, with which the type checker
# takes the package for an installed one.
DROPPED = ["MAKEFLAGS", "MAKELEVEL", "MFLAGS", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"]
DROPPED.append("PYTHONPATH")


def attempt(
    command: Sequence[str], *, stdin: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it says, however it ends."""
    clean = {key: value for key, value in os.environ.items() if key not in DROPPED}
    try:
        return subprocess.run(
            command,
            input=stdin,
            encoding="utf-8",
            errors="replace",
            capture_output=True,
            check=False,
            env=clean | env,
        )
    except FileNotFoundError:
        raise TemplateError(f"{command[0]} is missing; install it first") from None


def run(command: Sequence[str], *, stdin: str = "", **env: str) -> str:
    """The output of a command; TemplateError with its last line when it fails."""
    done = attempt(command, stdin=stdin, **env)
    if done.returncode:
        raise TemplateError(f"`{' '.join(command[:4])} ...` failed: {last_line(done)}")
    return done.stdout.rstrip("\n")


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed command printed last."""
    return (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]


def git(*args: str, **env: str) -> str:
    """The output of a git command."""
    return run(["git", *args], **env)


def exists(revision: str) -> bool:
    """Whether there is such a commit here."""
    return not attempt(["git", "rev-parse", "--verify", "--quiet", f"{revision}^0"]).returncode


def names(*args: str) -> list[str]:
    """The NUL-separated names that a git command prints, each once, sorted."""
    return sorted({name for name in git(*args).split("\0") if name})
