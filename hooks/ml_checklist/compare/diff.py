"""What a branch changed, item by item, and whether it touches what decides about it."""

import tempfile
from collections.abc import Callable
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
        """Whether it has this state now and had another."""
        return self.after.state == state and self.before is not None and self.before.state != state

    def differs(self, key: str) -> bool:
        """Whether its tick or its waiver is another one now."""
        return self.before is None or getattr(self.before, key) != getattr(self.after, key)


class Diff(NamedTuple):
    """Everything that a reviewer is told of a branch."""

    head: Survey
    base: Survey | None
    base_fault: str
    pairs: list[Pair]
    changed: list[str]
    tampered: list[str]
    template: tuple[str, str]
    phase_before: str
    facts_changed: list[str]

    def _pairs(self, fits: Callable[[Pair], bool]) -> list[Pair]:
        return [pair for pair in self.pairs if fits(pair)]

    @property
    def proven(self) -> list[Pair]:
        """Newly proven by machines; what was unknown at the base is not claimed."""
        return self._pairs(lambda p: p.after.proven and p.known_before and p.came(PASS))

    @property
    def uncomparable(self) -> list[Pair]:
        """Proven now, unknown at the base: no gain is claimed and no loss either."""
        return self._pairs(lambda p: p.after.proven and not p.known_before)

    @property
    def ticked(self) -> list[Pair]:
        """Signed off on this branch."""
        return self._pairs(lambda p: p.after.signed_off and p.differs("tick"))

    @property
    def excused(self) -> list[Pair]:
        """Not applicable since this branch, by a person or by a changed fact."""
        return self._pairs(lambda p: p.came(NOT_APPLICABLE))

    @property
    def waived(self) -> list[Pair]:
        """Waived on this branch."""
        return self._pairs(lambda p: p.after.state == WAIVED and p.differs("waiver"))

    @property
    def lost(self) -> list[Pair]:
        """Met where the branch began and not now: a regression, unless only time has passed."""
        return self._pairs(lambda p: p.after.item.counts and _lost(p) and not p.after.calendar)

    @property
    def stale(self) -> list[Pair]:
        """Stale now, since this branch or from before."""
        lost = self.lost
        return self._pairs(lambda p: p.after.state == STALE and p not in lost)

    @property
    def look(self) -> list[Status]:
        """Open items whose files this branch changes."""
        reach = RANK[gate.working_towards(self.head.project.phase)]
        listed = [pair.after.item.id for pair in (*self.lost, *self.stale)]
        open_ = [p.after for p in self.pairs if not p.after.settled and not p.after.asks]
        return [
            s
            for s in open_
            if s.item.id not in listed
            and RANK[s.item.phase] <= reach
            and s.item.level != "may"
            and self._touches(s)
        ]

    def _touches(self, status: Status) -> bool:
        theirs = self.head.project.tree.theirs
        patterns = [theirs(each) for each in status.item.data.get("paths") or ()]
        return any(matches(name, pattern) for name in self.changed for pattern in patterns)

    @property
    def guarded(self) -> list[str]:
        """Changed files that decide over pull requests."""
        return [name for name in self.changed if name.startswith(GUARDED)]

    @property
    def regressed(self) -> bool:
        """Whether the branch may not pass."""
        return bool(self.lost or self.tampered)


def _lost(pair: Pair) -> bool:
    return pair.before is not None and pair.before.state == PASS and not pair.after.settled


def compare(project: Project, base: str, *, base_proofs: Path | None = None) -> Diff:
    """Compare the work tree with the commit where it left `base`."""
    top = gitrepo.top_level(project.home)
    if top is None:
        raise DataError(
            f"{project.home}: is no git repository, so there is nothing to compare with"
        )
    revision = gitrepo.merge_base(top, base)
    place = project.home.relative_to(top.resolve()).as_posix()
    prefix = "" if place == "." else f"{place}/"
    head = survey.take(project)
    with tempfile.TemporaryDirectory(prefix="ml-checklist-") as folder:
        gitrepo.lay_out(top, revision, Path(folder))
        home = Path(folder).resolve() / prefix
        home.mkdir(parents=True, exist_ok=True)
        before, fault = _survey(project, home, Base(top, revision, prefix), base_proofs)
        changed = _changed(top, revision, prefix)
        return Diff(
            head,
            before,
            fault,
            _pairs(before, head),
            changed,
            _tampered(project.home, home, changed),
            (origin.read(home).version, origin.read(project.home).version),
            before.project.phase if before else "",
            _facts(before, head),
        )


def _survey(
    project: Project, home: Path, base: Base, proofs: Path | None
) -> tuple[Survey | None, str]:
    # The judge's catalog for both sides, or its own changes would look like the branch's.
    report = proofs or home / ".checklist/none.json"
    try:
        opened = open_project(
            str(home), str(project.catalog.folder), today=project.today, report=report, base=base
        )
        return survey.take(opened), ""
    except DataError as error:
        return None, str(error).splitlines()[0]


def _changed(top: Path, revision: str, prefix: str) -> list[str]:
    names = gitrepo.names(top, "diff", "--name-only", "--no-renames", "-z", revision) or []
    names += gitrepo.names(top, "ls-files", "--others", "--exclude-standard", "-z") or []
    return sorted({name[len(prefix) :] for name in names if name.startswith(prefix)})


def _pairs(before: Survey | None, head: Survey) -> list[Pair]:
    known = before.statuses if before else {}
    return [Pair(known.get(name), status) for name, status in head.statuses.items()]


def _tampered(home: Path, base: Path, changed: list[str]) -> list[str]:
    """Files of the judge that changed though the template version did not."""
    moved = origin.read(base).version != origin.read(home).version
    if moved or not (base / "checklist/catalog").is_dir():
        return []
    return [name for name in changed if name.startswith(JUDGE) and "__pycache__" not in name]


def _facts(before: Survey | None, head: Survey) -> list[str]:
    old = before.project.facts if before else {}
    new = head.project.facts
    names = sorted({*old, *new})
    return [
        f"{name}: {_word(old.get(name))} -> {_word(new.get(name))}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _word(value: Any) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value)
