"""What a branch changed, item by item, and whether it touches what decides about it."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import gitrepo, origin
from ml_checklist.catalog.items import RANK
from ml_checklist.errors import DataError
from ml_checklist.probes.finding import UNKNOWN
from ml_checklist.probes.tree import Base, matches
from ml_checklist.state import gate, survey
from ml_checklist.state.project import Project, open_project
from ml_checklist.state.status import NOT_APPLICABLE, PASS, STALE, WAIVED, Status
from ml_checklist.state.survey import Survey

# What decides over a pull request: a change here deserves a look by somebody else.
JUDGE = ("hooks/", "checklist/catalog/")
GUARDED = (
    *JUDGE,
    "checklist/catalog.d/",
    "checklist/waivers/",
    "checklist/project.yml",
    ".github/",
    ".gitlab-ci.yml",
    ".gitlab/",
    "CODEOWNERS",
)


class Pair(NamedTuple):
    """One item before and after."""

    before: Status | None
    after: Status

    @property
    def known_before(self) -> bool:
        """Whether it could be decided at the base."""
        return self.before is not None and self.before.state != UNKNOWN

    def came(self, state: str) -> bool:
        return self.after.state == state and self.before is not None and self.before.state != state

    def left(self, state: str) -> bool:
        """Whether it had this state and has another now."""
        return self.before is not None and self.before.state == state != self.after.state

    def differs(self, key: str) -> bool:
        """Whether its tick or its waiver is another one now."""
        return self.before is None or getattr(self.before, key) != getattr(self.after, key)


class Diff(NamedTuple):
    """What a reviewer needs to know of a branch.

    proven: newly proven by machines; what was unknown at the base is not claimed.
    uncomparable: proven now, unknown at the base.
    ticked, waived: signed off or waived on this branch. excused: not applicable since this branch.
    lost: met where the branch began and not now, for another reason than time.
    stale: stale now, since this branch or from before. look: open items whose files it changes.
    changed: all its files. tampered: those of the judge, though the template is the same.
    """

    head: Survey
    base: Survey | None
    base_fault: str
    proven: list[Pair]
    uncomparable: list[Pair]
    ticked: list[Pair]
    excused: list[Pair]
    waived: list[Pair]
    lost: list[Pair]
    stale: list[Pair]
    look: list[Status]
    changed: list[str]
    tampered: list[str]
    template: tuple[str, str]
    phase_before: str
    facts_changed: list[str]

    @property
    def guarded(self) -> list[str]:
        return [name for name in self.changed if name.startswith(GUARDED)]

    @property
    def regressed(self) -> bool:
        return bool(self.lost or self.tampered)


def _sorted_out(pairs: list[Pair]) -> dict[str, list[Pair]]:
    lost = [p for p in pairs if p.after.item.counts and p.left(PASS) and not p.after.settled]
    lost = [p for p in lost if not p.after.calendar]
    proven = [p for p in pairs if p.after.proven]
    return {
        "proven": [p for p in proven if p.known_before and p.came(PASS)],
        "uncomparable": [p for p in proven if not p.known_before],
        "ticked": [p for p in pairs if p.after.signed_off and p.differs("tick")],
        "excused": [p for p in pairs if p.came(NOT_APPLICABLE)],
        "waived": [p for p in pairs if p.after.state == WAIVED and p.differs("waiver")],
        "lost": lost,
        "stale": [p for p in pairs if p.after.state == STALE and p not in lost],
    }


def _look(head: Survey, changed: list[str], listed: list[Pair]) -> list[Status]:
    """Open items of the next gate whose files the branch changes."""
    reach = RANK[gate.working_towards(head.project.phase)]
    known = [pair.after.item.id for pair in listed]
    near = [s for s in head.statuses.values() if RANK[s.item.phase] <= reach and not s.settled]
    open_ = [s for s in near if s.item.level != "may" and not s.asks and s.item.id not in known]
    return [status for status in open_ if _touches(head, status, changed)]


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
        found = _sorted_out([Pair(known.get(name), now) for name, now in head.statuses.items()])
        return Diff(
            head=head,
            base=before,
            base_fault=fault,
            **found,
            look=_look(head, changed, found["lost"] + found["stale"]),
            changed=changed,
            tampered=_tampered(project.home, home, changed),
            template=(origin.read(home).version, origin.read(project.home).version),
            phase_before=before.project.phase if before else "",
            facts_changed=_facts(before, head),
        )


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


def _tampered(home: Path, base: Path, changed: list[str]) -> list[str]:
    """Files of the judge that changed though the template version did not."""
    moved = origin.read(base).version != origin.read(home).version
    if moved or not (base / "checklist/catalog").is_dir():
        return []
    return [name for name in changed if name.startswith(JUDGE) and "__pycache__" not in name]


def _facts(before: Survey | None, head: Survey) -> list[str]:
    old = before.project.facts if before else {}
    new = head.project.facts
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return [f"{name}: {_word(old.get(name))} -> {_word(new.get(name))}" for name in names]


def _word(value: Any) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value)
