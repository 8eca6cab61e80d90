"""Which files an update left in conflict. Copier itself ends with 0 either way."""

import re

from .shell import attempt, git, names

# White space at a line's end is no conflict; the hook that runs before each commit says the same.
_MARKERS = "core.whitespace=-blank-at-eol,-space-before-tab,-blank-at-eof"


def unmerged() -> list[str]:
    """Files that git itself holds in conflict."""
    return names("diff", "--name-only", "--diff-filter=U", "-z")


def left() -> list[str]:
    """The files in conflict after an update: those that git says, and those with new markers."""
    return sorted({*unmerged(), *_marked()})


def stage() -> list[str]:
    """Stage everything; the files in conflict, a staged one is merged in git's eyes."""
    found = set(left())
    git("add", "--all")
    return sorted(found | _marked("--cached"))


def report(before: str, after: str, torn: list[str], back: str) -> None:
    """Print what an update did and what is next; back: the command that undoes it."""
    moved = f"{before} -> {after}" if before != after else f"{after}, nothing new"
    if not torn:
        print(f"template  {moved}; next: make setup check test && uv run checklist news")
        return
    print(f"template  {moved}: {len(torn)} files in conflict")
    print("\n".join(f"          {name}" for name in torn))
    print(f"          resolve them and commit, or go back with {back}")


def _marked(*where: str) -> set[str]:
    """Files with conflict markers that the last commit does not have."""
    options = ["-c", _MARKERS, "-c", "core.quotePath=false"]
    output = attempt(["git", *options, "diff", "--check", *where]).stdout
    return set(re.findall(r"^(.*):\d+: leftover conflict marker$", output, re.M))
