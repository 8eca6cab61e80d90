"""Probe of who took part in a change, by the history of git."""

from typing import NamedTuple

from ml_checklist import gitrepo
from ml_checklist.gitrepo import NO_REPOSITORY
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import Tree

TAGS = "v[0-9]*"  # releases
REVIEWERS = ("Reviewed-by", "Approved-by")  # the templates of GitHub and GitLab can write them
_VALUES = "%(trailers:key={},valueonly,separator=%x1f)"
FORMAT = "%H %P%x1e<%aE>%x1f{}%x1e{}%x1f{}".format(
    *(_VALUES.format(name) for name in ("Co-authored-by", *REVIEWERS))
)


class Change(NamedTuple):
    """A merge, or a commit on the main branch: who wrote it, and who else took part."""

    commit: str
    authors: set[str]
    others: set[str]


def reviewed(tree: Tree, *, paths: list[str]) -> Finding:
    """Each change of `paths` since the last release has a second person.

    That is who made its merge commit, or who stands in a trailer Reviewed-by or Approved-by.
    Where nothing changed since, the changes of that release count. Addresses are those that git
    has: it does not know whether one person uses two.
    """
    folder, revision, prefix = tree.base or (tree.root, "HEAD", "")
    if gitrepo.git(folder, "rev-parse", "--is-shallow-repository") != "false\n":
        return unknown("there is no whole history of git", NO_REPOSITORY)
    words = ("tag", "--merged", revision, "--list", TAGS, "--sort=-creatordate")
    tags = (gitrepo.git(folder, *words) or "").split()
    names = [f"{prefix}{path}" for path in paths]
    for tag in tags[:2]:
        changes = _changes(tree, f"{tag}..{revision}", names)
        if changes:
            return _judge(changes, tag)
    place = tags[0] if tags else "git tag"
    return missing(f"no change follows a release: {tags[-1] if tags else 'none is there'}", place)


def _judge(changes: list[Change], tag: str) -> Finding:
    alone = [each.commit[:9] for each in changes if not each.others - each.authors]
    if alone:
        some = ", ".join(alone[:3])
        return missing(f"{len(alone)} of {len(changes)} since {tag} were not: {some}", alone[0])
    return found(f"{len(changes)} changes since {tag} were reviewed", tag, len(changes))


def _changes(tree: Tree, span: str, paths: list[str]) -> list[Change]:
    folder = tree.base.top if tree.base else tree.root
    top = "top," if tree.base else ""
    places = [f":({top}glob){path}" for path in paths]
    log = gitrepo.git(folder, "log", "--first-parent", f"--format={FORMAT}", span, "--", *places)
    return [_change(tree, line) for line in (log or "").split("\n") if line]


def _change(tree: Tree, line: str) -> Change:
    ids, authors, others = line.split("\x1e")
    commit, *parents = ids.split()
    if len(parents) < 2:
        return Change(commit, _addresses(authors), _addresses(others))
    folder = tree.base.top if tree.base else tree.root
    words = ("log", "--format=<%aE>", *parents[1:], f"^{parents[0]}")
    own = (gitrepo.git(folder, *words) or "").replace("\n", "\x1f")
    return Change(commit, _addresses(own), _addresses(others) | _addresses(authors))


def _addresses(names: str) -> set[str]:
    """Of `Name <address>` each address, in small letters."""
    found = {each.rpartition("<")[2].strip(" >").lower() for each in names.split("\x1f")}
    return found - {""}
