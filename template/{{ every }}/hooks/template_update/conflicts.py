"""The gate: which files an update left in conflict. Copier itself ends with 0 either way."""

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


def _marked(*where: str) -> set[str]:
    """Files with conflict markers that the last commit does not have."""
    options = ["-c", _MARKERS, "-c", "core.quotePath=false"]
    output = attempt(["git", *options, "diff", "--check", *where]).stdout
    return set(re.findall(r"^(.*):\d+: leftover conflict marker$", output, re.M))
