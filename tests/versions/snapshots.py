"""Released versions of the template, so that a clone without tags or depth can rebuild them.

The first is 0.3.1: nobody depends on an earlier one. One git bundle a version holds what that
version added to the one before; `versions.json` says which objects it must give.
`python -m tests.versions.snapshots VERSION [REVISION]` writes one.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LIST = HERE / "versions.json"
# What a project is made of; the rest of this repository is no part of a version.
ROOTS = ("checklists", "components.yml", "copier.yml", "hooks", "template")
# Commits of a rebuilt history carry these, so that they are the same on every machine.
NOBODY = {
    "GIT_AUTHOR_NAME": "copier-ml",
    "GIT_AUTHOR_EMAIL": "copier-ml@localhost",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "copier-ml",
    "GIT_COMMITTER_EMAIL": "copier-ml@localhost",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


def git(folder: Path, *args: str, stdin: str | None = None, **env: str) -> str:
    """The output of a git command in `folder`."""
    done = subprocess.run(
        ["git", "-C", str(folder), *args],
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, **NOBODY, **env},
    )
    if done.returncode:
        raise RuntimeError(f"git {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout.strip()


def number(version: str) -> tuple[int, ...]:
    """A version as numbers, to be compared."""
    return tuple(int(part) for part in version.removeprefix("v").split("."))


def recorded() -> dict[str, dict[str, Any]]:
    """Version -> the sha256 of its bundle and the object of each root, oldest version first."""
    held = json.loads(LIST.read_text(encoding="utf-8")) if LIST.is_file() else {}
    return dict(sorted(held.items(), key=lambda pair: number(pair[0])))


def versions() -> list[str]:
    """All released versions, oldest first."""
    return list(recorded())


def announced() -> str:
    """The version that the changelog begins with, which items may name; else the next minor one."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## (\d+\.\d+\.\d+)", text, re.M)
    newest = number(versions()[-1])
    if found and number(found[1]) > newest:
        return found[1]
    return f"{newest[0]}.{newest[1] + 1}.0"


def bundle(version: str) -> Path:
    """The file of a version."""
    return HERE / f"v{version}.bundle"


def roots(repository: Path, revision: str) -> dict[str, str]:
    """The git object of each root at a revision."""
    listed = git(repository, "ls-tree", revision, *ROOTS).splitlines()
    return {line.split("\t")[1]: line.split()[2] for line in listed}


def rebuild(into: Path) -> Path:
    """A git repository with a commit and a tag for each version, checked out at the newest."""
    into.mkdir(parents=True, exist_ok=True)
    git(into, "init", "--quiet", "--initial-branch", "main")
    for version in versions():
        git(into, "fetch", "--quiet", str(bundle(version)), "refs/tags/*:refs/tags/*")
        git(into, "reset", "--quiet", "--hard", f"v{version}")
    return into


def write(version: str, revision: str) -> None:
    """Keep `revision` of this repository as a version, after those that are there."""
    with tempfile.TemporaryDirectory() as folder:
        made = rebuild(Path(folder))
        objects = git(ROOT, "rev-parse", "--path-format=absolute", "--git-path", "objects")
        borrowed = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": objects}
        entries = git(ROOT, "ls-tree", revision, *ROOTS)
        tree = git(made, "mktree", stdin=f"{entries}\n", **borrowed)
        before = versions()[-1:]
        parents = [word for old in before for word in ("-p", f"v{old}")]
        commit = git(made, "commit-tree", tree, *parents, "-m", version, **borrowed)
        git(made, "tag", f"v{version}", commit, **borrowed)
        without = [f"^v{old}" for old in before]
        kept = str(bundle(version))
        git(
            made, "bundle", "create", "--quiet", kept, f"refs/tags/v{version}", *without, **borrowed
        )
    entry = {"bundle": sha256(bundle(version)), "roots": roots(ROOT, revision)}
    LIST.write_text(json.dumps({**recorded(), version: entry}, indent=1) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """The hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "HEAD")
