"""What a branch changed, item by item, and whether it touches what decides about it."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from ml_checklist import gitrepo, origin
from ml_checklist.compare import pairs
from ml_checklist.compare.pairs import Pair
from ml_checklist.compare.tool import JUDGE, tampered
from ml_checklist.errors import DataError
from ml_checklist.probes.tree import Base, Tree, matches
from ml_checklist.state import gate, survey
from ml_checklist.state.project import Project, below, open_project
from ml_checklist.state.status import Status
from ml_checklist.state.survey import Survey

# What decides over a pull request: a change here deserves a look by somebody else.
GUARDED = (
    *JUDGE,
    "checklist/catalog.d/",
    "checklist/declines/",
    "checklist/waivers/",
    "checklist/project.yml",
    ".github/",
    ".gitlab-ci.yml",
    ".gitlab/",
    "CODEOWNERS",
    "docs/CODEOWNERS",
)


class Diff(NamedTuple):
    """What a reviewer needs to know of a branch.

    proven: newly proven by machines; what was unknown at the base is not claimed.
    uncomparable: proven now, unknown at the base.
    ticked: signed off on this branch. set_aside: n/a by hand, waived or declined on it.
    lost: met where the branch began and not now, or called n/a by hand.
    stale: stale now, since this branch or from before. look: open items whose files it changes.
    changed: all its files. tampered: those of the judge that are not the template's own.
    switched_off: each fact that changed, and the items that stop to apply by it.
    moved: whether `root:` or `map:` differ, so that items are looked up where the base has them.
    """

    head: Survey
    base: Survey | None
    base_fault: str
    proven: list[Pair]
    uncomparable: list[Pair]
    ticked: list[Pair]
    set_aside: list[Pair]
    lost: list[Pair]
    stale: list[Pair]
    look: list[Status]
    changed: list[str]
    tampered: list[str]
    template: tuple[str, str]
    switched_off: dict[str, list[str]]
    moved: bool

    @property
    def guarded(self) -> list[str]:
        return [name for name in self.changed if name.startswith(GUARDED)]

    @property
    def regressed(self) -> bool:
        return bool(self.lost or self.tampered)


def _look(head: Survey, changed: list[str], listed: list[Pair]) -> list[Status]:
    """Open items of the next gate whose files the branch changes."""
    known = [pair.after.item.id for pair in listed]
    left = gate.still_open(head, gate.working_towards(head.project.phase), calendar=True)
    return [s for s in left if s.item.id not in known and _touches(head, s, changed)]


def _touches(head: Survey, status: Status, changed: list[str]) -> bool:
    patterns = [head.project.tree.theirs(each) for each in status.item.data.get("paths") or ()]
    return any(matches(name, pattern) for name in changed for pattern in patterns)


def compare(project: Project, base: str, *, base_proofs: Path | None = None) -> Diff:
    """Compare the work tree with the commit where it left `base`."""
    top = gitrepo.top_level(project.home)
    if top is None:
        raise DataError(f"{project.home}: is no git repository; there is nothing to compare with")
    revision = gitrepo.merge_base(top, base)
    place = project.home.relative_to(top.resolve()).as_posix()
    prefix = "" if place == "." else f"{place}/"
    head, changed = survey.take(project), _changed(top, revision, prefix)
    with tempfile.TemporaryDirectory(prefix="ml-checklist-") as folder:
        gitrepo.lay_out(top, revision, Path(folder))
        home = Path(folder).resolve() / prefix
        home.mkdir(parents=True, exist_ok=True)
        before, fault = _survey(project, home, Base(top, revision, prefix), base_proofs)
        known = before.statuses if before else {}
        judged = _by_base(head, before)
        gone = pairs.vanished(judged.project, before.project.tree, known) if before else set[str]()
        both = [Pair(known.get(name), now) for name, now in head.statuses.items()]
        found = pairs.sorted_out(both, judged.statuses, gone)
        facts = before.project.facts if before else {}
        return Diff(
            head=head,
            base=before,
            base_fault=fault,
            **found,
            look=_look(head, changed, found["lost"] + found["stale"]),
            changed=changed,
            tampered=tampered(project.home, home, changed),
            template=(origin.read(home).version, origin.read(project.home).version),
            switched_off=survey.switched_off(project.catalog, facts, project.facts),
            moved=judged is not head,
        )


def _by_base(head: Survey, before: Survey | None) -> Survey:
    """The branch with `root:` and `map:` of the base: a branch does not choose where to look."""
    old, now = before.project.settings if before else {}, head.project.settings
    if before is None or all(old.get(key) == now.get(key) for key in ("root", "map")):
        return head
    tree = Tree(below(head.project.home, old), paths=old.get("map"))
    return survey.take(head.project._replace(tree=tree))


def _survey(
    project: Project, home: Path, base: Base, proofs: Path | None
) -> tuple[Survey | None, str]:
    # The judge's catalog for both sides, or its own changes would look like the branch's.
    report = proofs or home / ".checklist/none.json"
    try:
        where = (str(home), str(project.catalog.folder))
        opened = open_project(*where, today=project.today, report=report, base=base)
        return survey.take(opened), ""
    except DataError as error:
        return None, str(error).splitlines()[0]


def _changed(top: Path, revision: str, prefix: str) -> list[str]:
    names = gitrepo.names(top, "diff", "--name-only", "--no-renames", "-z", revision) or []
    names += gitrepo.names(top, "ls-files", "--others", "--exclude-standard", "-z") or []
    return sorted({name[len(prefix) :] for name in names if name.startswith(prefix)})
