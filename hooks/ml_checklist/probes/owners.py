"""Probe of who owns a path, by the file of owners that the host reads."""

import re

from ml_checklist.probes.finding import Finding, found, missing
from ml_checklist.probes.tree import Tree, matches

# In the order in which each host looks; it reads the first that is there, and no other.
GITHUB = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
GITLAB = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
# @name, @organisation/team, @group/sub-group (GitLab also roles, @@maintainer), or a mail address.
OWNER = re.compile(r"@{1,2}\w[\w.-]*(/[\w.-]+)*|[^@\s]+@[^@\s]+\.[^@\s]+")


def codeowners(tree: Tree, *, paths: list[str]) -> Finding:
    on_gitlab = tree.find(".gitlab-ci.yml") and not tree.find(".github/workflows/*.y*ml")
    name = next((name for name in (GITLAB if on_gitlab else GITHUB) if tree.find(name)), "")
    if not name:
        return missing("there is no CODEOWNERS file", "CODEOWNERS")
    rules = owner_rules(tree.text(name) or "")
    orphans = [path for path in paths if not owners(rules, path)]
    if orphans:
        return missing(f"nobody owns {', '.join(orphans)}", name)
    return found(f"{', '.join(paths)} owned", name)


def owner_rules(text: str) -> list[tuple[str, list[str]]]:
    """(pattern, owners) line by line; section headings of GitLab and what owns nothing left out."""
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    rules = [words for words in lines if words and not words[0].startswith(("[", "^["))]
    return [(pattern, [n for n in names if OWNER.fullmatch(n)]) for pattern, *names in rules]


def owners(rules: list[tuple[str, list[str]]], path: str) -> list[str]:
    """Who owns a path: the last rule that matches decides, as on GitHub."""
    # A folder is owned when a file in it is.
    probe = f"{path}x" if path.endswith("/") else path
    matching = [who for pattern, who in rules if _meets(pattern, probe)]
    return matching[-1] if matching else []


def _meets(pattern: str, path: str) -> bool:
    """Whether a pattern of CODEOWNERS, as of .gitignore, meets a file."""
    name = pattern.strip("/")
    glob = name if "/" in pattern.rstrip("/") else f"**/{name}"
    itself = not pattern.endswith("/") and matches(path, glob)
    return itself or (not pattern.endswith("/*") and matches(path, f"{glob}/**"))
