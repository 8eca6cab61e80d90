"""What a gate asks for: the numbers, whether it holds, what is open, and what is next."""

from collections import Counter
from typing import NamedTuple

from ml_checklist.catalog.items import PHASES, RANK, Item
from ml_checklist.probes.finding import ERROR
from ml_checklist.state.status import (
    DECLINED,
    NOT_APPLICABLE,
    PASS,
    STALE,
    TODO,
    WAIVED,
    Status,
)
from ml_checklist.state.survey import Question, Survey

# At most this share of its musts, its items that ask a person, and all its items may be set aside.
MUST, PEOPLE, ALL = 1 / 5, 1 / 3, 1 / 3
NAMES = {"poc": "PoC", "mvp": "MVP", "production": "Production", "live": "Live"}


class Gate(NamedTuple):
    """The numbers of one gate; total = met + set_aside + open, and met = proven + signed_off.

    set_aside = waived + declined + excused, where excused were called n/a by a person; over says in
    words where more are set aside than may be. n_own of the proven rest on the project's own tests.
    stale and expired are part of open; expired went stale by the calendar alone.
    n_questions are facts without which it is not known what else applies; not in the total.
    """

    phase: str
    met: int
    proven: int
    n_own: int
    signed_off: int
    set_aside: int
    waived: int
    declined: int
    excused: int
    open: int
    stale: int
    expired: int
    n_questions: int
    errors: int
    total: int
    not_applicable: int
    over: tuple[str, ...]

    def holds(self, *, calendar: bool = False) -> bool:
        """Whether nothing is open; what has merely aged counts only with `calendar`."""
        left = self.open - (0 if calendar else self.expired)
        return not (self.errors or self.n_questions or self.over or left > 0)


def required(survey: Survey, phase: str) -> list[Status]:
    """The statuses that a gate asks about: the items of its phase and of earlier ones."""
    rank = RANK[phase]
    statuses = survey.statuses.values()
    return [s for s in statuses if s.item.counts and RANK[s.item.phase] <= rank and not s.asks]


def questions(survey: Survey, phase: str) -> list[Question]:
    return [question for question in survey.questions if RANK[question.phase] <= RANK[phase]]


def count(survey: Survey, phase: str, section: str = "") -> Gate:
    """The numbers of a gate, or of what it asks of one section."""
    all_ = [s for s in required(survey, phase) if section in ("", s.item.section)]
    counted = [s for s in all_ if s.state != NOT_APPLICABLE or s.excused]
    n = Counter(s.state for s in counted)
    return Gate(
        phase,
        met=n[PASS],
        proven=sum(s.proven for s in counted),
        n_own=sum(bool(s.proven and s.finding and s.finding.n_own) for s in counted),
        signed_off=sum(s.signed_off for s in counted),
        set_aside=sum(s.set_aside for s in counted),
        waived=n[WAIVED],
        declined=n[DECLINED],
        excused=n[NOT_APPLICABLE],
        open=sum(not s.settled for s in counted),
        stale=n[STALE],
        expired=sum(s.calendar for s in counted),
        n_questions=len(questions(survey, phase)),
        errors=n[ERROR],
        total=len(counted),
        not_applicable=len(all_) - len(counted),
        over=tuple(_over(counted)),
    )


def sections(survey: Survey, phase: str) -> dict[str, Gate]:
    """Title -> numbers of the sections that a gate asks something of, as the catalog has them."""
    known = survey.project.catalog.sections.values()
    found = {each.title: count(survey, phase, each.id) for each in known}
    return {title: numbers for title, numbers in found.items() if numbers.total}


def _over(counted: list[Status]) -> list[str]:
    """Which caps the statuses of a gate exceed, in words."""
    groups = (
        ("`must` items", MUST, [s for s in counted if s.item.level == "must"]),
        ("items that ask a person", PEOPLE, [s for s in counted if s.item.kind != "auto"]),
        ("items", ALL, counted),
    )
    found = []
    for name, share, group in groups:
        n, limit = sum(status.set_aside for status in group), int(share * len(group) + 1e-9)
        if n > limit:
            found.append(f"{n} of {len(group)} {name} are set aside, at most {limit} may be")
    return found


def still_open(survey: Survey, phase: str, *, calendar: bool = False) -> list[Status]:
    """What keeps the gate from holding, musts first, then as the catalog orders them."""
    left = [s for s in required(survey, phase) if not s.settled and (calendar or not s.calendar)]
    return sorted(left, key=lambda s: (RANK[s.item.phase], s.item.level != "must"))


def claimed(phase: str) -> str | None:
    """The last gate that a declared phase claims to have passed; None for poc."""
    return {"poc": None, "mvp": "poc", "production": "mvp", "live": "production"}[phase]


def working_towards(phase: str) -> str:
    """The gate that a project in this phase works on next."""
    return phase if phase in PHASES else PHASES[-1]


def headline(gate: Gate) -> str:
    """One gate in words: `MVP gate: 41 of 44 met, 2 set aside, 1 stale.`"""
    counts = ((gate.stale, "stale"), (gate.open - gate.stale, "open"))
    parts = [met(gate), *(f"{n} {word}" for n, word in counts if n)]
    parts += [unanswered(gate.n_questions)] if gate.n_questions else []
    return f"{NAMES[gate.phase]} gate: {', '.join(parts)}."


def met(gate: Gate) -> str:
    """What is done of a gate or of a section: `41 of 44 met, 2 set aside`."""
    aside = f", {gate.set_aside} set aside" if gate.set_aside else ""
    return f"{gate.met} of {gate.total} met{aside}"


def unanswered(n: int) -> str:
    return f"{n} question{'' if n == 1 else 's'} unanswered"


def next_items(survey: Survey, phase: str, n: int) -> list[Status]:
    """The open items of a gate that need no other first: earlier phase, then cheap, then must."""
    left = still_open(survey, phase, calendar=True)
    ready = [status for status in left if not status.blocked_by]
    ready.sort(key=lambda s: (s.item.minutes, s.item.level != "must"))
    return ready[:n]


def todo(status: Status) -> str:
    """What to do next about an item that is open, in a line."""
    item, finding = status.item, status.finding
    if status.blocked_by:
        return f"waits for {', '.join(status.blocked_by)}"
    tick = f"`checklist tick {item.id} -e {expected(item)}`"
    if status.state == STALE and status.waiver and not status.tick:
        return f"do the work, or ask for more time: `checklist waive {item.id}`"
    if status.state == STALE:
        return f"read it again, then {tick}"
    if finding and not finding.holds and finding.remedy:
        return finding.remedy
    if finding and finding.holds and status.state == TODO:
        return f"sign it off: {tick}"
    return item.do


def expected(item: Item) -> str:
    """The evidence that a tick of this item cites."""
    files = (item.data.get("evidence") or {}).get("files")
    return str(files[0]) if files else "|".join(kind.upper() for kind in sorted(item.accept))
