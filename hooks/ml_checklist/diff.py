"""What a branch changes.

What it proves, ticks, waives and loses, and whether it touches its own judge.
"""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import export, gate, gitrepo, globs, survey, yaml_strict
from ml_checklist.errors import DataError
from ml_checklist.items import RANK
from ml_checklist.project import Project, open_project
from ml_checklist.state import NOT_APPLICABLE, PASS, STALE, WAIVED, Status
from ml_checklist.survey import Survey
from ml_checklist.tree import Base

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
ANSWERS = ".copier-answers.yml"


class Pair(NamedTuple):
    """One item before and after."""

    before: Status | None
    after: Status


class Diff(NamedTuple):
    """Everything that is to be said of a branch."""

    head: Survey
    base: Survey | None
    base_fault: str
    pairs: list[Pair]
    changed: list[str]
    tampered: list[str]
    template: tuple[str, str]
    phase_before: str
    facts_changed: list[str]

    @property
    def proven(self) -> list[Pair]:
        """Newly proven by machines; what could not be told at the base is not claimed."""
        return [
            p
            for p in self.pairs
            if p.after.proven and p.before and p.before.state not in (PASS, "unknown")
        ]

    @property
    def uncomparable(self) -> list[Pair]:
        """Proven now, unknown at the base: no gain is claimed and no loss either."""
        return [
            p
            for p in self.pairs
            if p.after.proven and (p.before is None or p.before.state == "unknown")
        ]

    @property
    def ticked(self) -> list[Pair]:
        """Vouched for on this branch."""
        return [
            p
            for p in self.pairs
            if p.after.vouched and (p.before is None or p.before.tick != p.after.tick)
        ]

    @property
    def excused(self) -> list[Pair]:
        """Said not to apply on this branch, by a person or by a changed fact."""
        return [
            p
            for p in self.pairs
            if p.after.state == NOT_APPLICABLE and p.before and p.before.state != NOT_APPLICABLE
        ]

    @property
    def waived(self) -> list[Pair]:
        """Waived on this branch."""
        return [
            p
            for p in self.pairs
            if p.after.state == WAIVED and (p.before is None or p.before.waiver != p.after.waiver)
        ]

    @property
    def lost(self) -> list[Pair]:
        """Met where the branch began and not now: the regression. The calendar loses nothing."""
        fine = (PASS, WAIVED, NOT_APPLICABLE)
        return [
            p
            for p in self.pairs
            if p.after.item.counts
            and p.before
            and p.before.state == PASS
            and p.after.state not in fine
            and not p.after.calendar
        ]

    @property
    def stale(self) -> list[Pair]:
        """Stale now, since this branch or from before."""
        return [p for p in self.pairs if p.after.state == STALE and p not in self.lost]

    @property
    def look(self) -> list[Status]:
        """Open items that speak of the files that this branch changes."""
        reach = RANK[gate.working_towards(self.head.project.phase)]
        fine = (PASS, WAIVED, NOT_APPLICABLE)
        open_ = [p.after for p in self.pairs if p.after.state not in fine and not p.after.asks]
        return [
            s
            for s in open_
            if RANK[s.item.phase] <= reach and s.item.level != "may" and self._touches(s)
        ]

    def _touches(self, status: Status) -> bool:
        patterns = [
            self.head.project.tree.theirs(each) for each in status.item.data.get("paths") or ()
        ]
        return any(globs.matches(name, pattern) for name in self.changed for pattern in patterns)

    @property
    def guarded(self) -> list[str]:
        """Changed files that decide over pull requests."""
        return [name for name in self.changed if name.startswith(GUARDED)]

    @property
    def regressed(self) -> bool:
        """Whether the branch may not pass."""
        return bool(self.lost or self.tampered)


def compare(
    project: Project, base: str, *, base_proofs: Path | None = None, catalog: str | None = None
) -> Diff:
    """Compare the work tree with the commit where it left `base`."""
    top = gitrepo.top_level(project.home)
    if top is None:
        raise DataError(
            f"{project.home}: is no git repository, so there is nothing to compare with"
        )
    revision = export.merge_base(top, base)
    place = project.home.relative_to(top.resolve()).as_posix()
    prefix = "" if place == "." else f"{place}/"
    head = survey.take(project)
    with tempfile.TemporaryDirectory(prefix="ml-checklist-") as folder:
        export.lay_out(top, revision, Path(folder))
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
            (_commit(home), _commit(project.home)),
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
    if not (base / "checklist/catalog").is_dir() or _commit(base) != _commit(home):
        return []
    return [name for name in changed if name.startswith(JUDGE) and "__pycache__" not in name]


def _commit(home: Path) -> str:
    path = home / ANSWERS
    try:
        data: Any = yaml_strict.load(path, ANSWERS, strict=False) if path.is_file() else None
    except DataError:
        return ""
    return str(data.get("_commit", "")) if isinstance(data, dict) else ""


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
    return (
        "unknown"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
