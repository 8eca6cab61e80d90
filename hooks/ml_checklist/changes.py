"""What a branch changed, item by item: proven, ticked, waived, lost, stale, worth a look."""

from typing import NamedTuple

from ml_checklist import gate, globs
from ml_checklist.items import RANK
from ml_checklist.state import NOT_APPLICABLE, PASS, STALE, WAIVED, Status
from ml_checklist.survey import Survey

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
        told = [pair.after.item.id for pair in (*self.lost, *self.stale)]
        open_ = [p.after for p in self.pairs if p.after.state not in fine and not p.after.asks]
        open_ = [status for status in open_ if status.item.id not in told]
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
