"""Probes of what git tracks, ignores, and says about time."""

import re
from fnmatch import fnmatch
from functools import lru_cache

from ml_checklist import gitrepo
from ml_checklist.gitrepo import NO_REPOSITORY
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import Tree

# Shapes of keys that services issue themselves, so that a hit is hardly ever an accident. Each has
# a word that it must hold as its key: a word is found a hundred times faster than a shape.
SECRETS = {
    "private key": r"-----begin (?:[a-z]{1,20} ){0,4}private key-----",
    "akia": r"\bakia[0-9a-z]{16}\b",
    "asia": r"\basia(?=[a-z]{0,15}[0-9])[0-9a-z]{16}\b",
    "gh": r"\bgh[pousr]_[a-z0-9]{36,}\b|\bgithub_pat_[a-z0-9_]{40,}\b",
    "glpat-": r"\bglpat-[a-z0-9_-]{20,}",
    "xox": r"\bxox[abprs]-[a-z0-9-]{20,}",
    "aiza": r"\baiza[0-9a-z_-]{35}\b",
    "sk-": r"\bsk-(?:ant-|proj-)?(?=[a-z_-]{0,64}[0-9])[a-z0-9_-]{32}",
    "sk_live_": r"\bsk_live_[a-z0-9]{20,}\b",
    "hf_": r"\bhf_[a-z0-9]{30,}\b",
    **{
        word: rf"(?:\b|_){word}\b"
        + r"['\"]?\s{0,9}[:=]\s{0,9}['\"](?=[^'\"]{0,99}[0-9])[^'\"\s$<{]{12,200}['\"]"
        for word in ("password", "passwd", "secret", "api_key", "apikey", "access_token")
    },
}
MAX_SCANNED = 1 << 20
COMMIT = "commit your work: `git add -A && git commit`"


def git(
    tree: Tree,
    *,
    tracked: str = "",
    ignored: list[str] | None = None,
    max_mb: float | None = None,
    secrets: bool = False,
) -> Finding:
    """Git tracks a file, ignores paths, or holds nothing large or secret."""
    if ignored:
        return _ignored(tree, ignored)
    names = tree.tracked
    if not names:
        if names is None:
            return unknown("there is no git repository", NO_REPOSITORY)
        return unknown("nothing is committed yet", COMMIT)
    if tracked:
        # As a pathspec of git: `*` crosses folders.
        hits = [name for name in names if fnmatch(name, tree.theirs(tracked))]
        if not hits:
            return missing("it does not", tree.theirs(tracked), absent=tracked)
        return found(f"{hits[0]} is tracked", hits[0])
    if max_mb is not None:
        return _largest(tree, names, max_mb)
    return _secrets(tree, names)


def _ignored(tree: Tree, paths: list[str]) -> Finding:
    if tree.foreign:  # folders that another layout does not have are not asked for
        own = [name for name in paths if (tree.root / name.partition("/")[0]).exists()]
        paths = [name for name in paths if name.startswith(".") or name in own]
    if tree.base or tree.tracked is None:
        return unknown("there is no git repository", NO_REPOSITORY)
    output = gitrepo.git(tree.root, "check-ignore", "--no-index", "--", *paths) or ""
    ignored = output.splitlines()
    open_ = [path for path in paths if path not in ignored]
    folders = tuple(f"{path.rstrip('/')}/" for path in paths)
    tracked = [name for name in tree.tracked if f"{name}/".startswith(folders)]
    kept = [name for name in tracked if not name.endswith((".gitkeep", ".gitignore", "README.md"))]
    if open_:
        return missing(f"{', '.join(open_)} not yet; add to .gitignore", ".gitignore")
    if kept:
        return missing(f"{kept[0]} is tracked all the same; git rm --cached it", kept[0])
    return found(f"{', '.join(paths)} ignored", ".gitignore")


def _largest(tree: Tree, names: list[str], max_mb: float) -> Finding:
    there = [name for name in names if (tree.root / name).is_file()]
    sizes = [((tree.root / name).stat().st_size, name) for name in there]
    size, name = max(sizes, default=(0, ""))
    value = round(size / 1e6, 2)
    if value > max_mb:
        return missing(f"{name} has {value} MB", name, value, max_mb)
    return found(f"the largest, {name}, has {value} MB", name, value, max_mb)


def _secrets(tree: Tree, names: list[str]) -> Finding:
    for name in names:
        path = tree.root / name
        if not path.is_file() or path.stat().st_size > MAX_SCANNED:
            continue
        line = _secret(tree.text(name) or "")
        if line:
            # Never print the secret: the report may be public.
            text = f"{name} line {line} looks like one; revoke it, then remove it"
            return missing(text, f"{name}:{line}")
    return found(f"no secret in {len(names)} tracked files", value=len(names))


@lru_cache(maxsize=1024)  # the projects of a fleet have most of their files in common
def _secret(text: str) -> int:
    """The line of the first secret, 0 where there is none."""
    text = text.lower()
    hits = (re.search(shape, text) for word, shape in SECRETS.items() if word in text)
    hit = next((hit for hit in hits if hit), None)
    return text.count("\n", 0, hit.start()) + 1 if hit else 0


def newer_than(tree: Tree, *, file: str, than: list[str]) -> Finding:
    names = tree.find(file)
    if not names:
        return missing("there is no such file", tree.theirs(file))
    own = _time(tree, names[:1])
    if own is None:
        remedy = f"commit it: `git add {names[0]} && git commit`"
        return unknown("it is not committed yet", remedy, names[0])
    other = _time(tree, [tree.theirs(pattern) for pattern in than])
    if other is not None and other > own:
        text = f"{', '.join(than)} changed after it; look it through again"
        return missing(text, names[0], own, other)
    return found("nothing changed after it", names[0], own, other)


def _time(tree: Tree, patterns: list[str]) -> int | None:
    folder, revision, prefix = tree.base or (tree.root, "HEAD", "")
    top = "top," if tree.base else ""
    paths = [f":({top}glob){prefix}{pattern}" for pattern in patterns]
    out = gitrepo.git(folder, "log", "-1", "--format=%ct", revision, "--", *paths)
    return int(out) if out and out.strip() else None
