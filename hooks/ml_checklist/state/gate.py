"""What a gate asks for: the numbers, whether it holds, what is open, and what is next."""

from typing import NamedTuple

from ml_checklist.catalog.items import PHASES, RANK, Item
from ml_checklist.probes.finding import ERROR
from ml_checklist.state.status import NOT_APPLICABLE, PASS, STALE, TODO, WAIVED, Status
from ml_checklist.state.survey import Question, Survey

NAMES = {"poc": "PoC", "mvp": "MVP", "production": "Production", "live": "Live"}


class Gate(NamedTuple):
    """The numbers of one gate; total = met + waived + open, and met = proven + signed_off.

    stale and expired are part of open; expired went stale by the calendar alone.
    n_questions, part of open too, are facts without which it is not known what applies.
    """

    phase: str
    met: int
    proven: int
    signed_off: int
    waived: int
    open: int
    stale: int
    expired: int
    n_questions: int
    errors: int
    total: int
    not_applicable: int

    def holds(self, *, calendar: bool = False) -> bool:
        """Whether nothing is open; what has merely aged counts only with `calendar`."""
        return not self.errors and self.open <= (0 if calendar else self.expired)


def required(survey: Survey, phase: str) -> list[Status]:
    """The statuses that a gate asks about: the items of its phase and of earlier ones."""
    rank = RANK[phase]
    statuses = survey.statuses.values()
    return [s for s in statuses if s.item.counts and RANK[s.item.phase] <= rank and not s.asks]


def questions(survey: Survey, phase: str) -> list[Question]:
    return [question for question in survey.questions if RANK[question.phase] <= RANK[phase]]


def count(survey: Survey, phase: str) -> Gate:
    all_ = required(survey, phase)
    counted = [status for status in all_ if status.state != NOT_APPLICABLE]
    n_questions = len(questions(survey, phase))
    met, waived = (sum(s.state == state for s in counted) for state in (PASS, WAIVED))
    total = len(counted) + n_questions
    numbers = {
        "proven": sum(s.proven for s in counted),
        "signed_off": sum(s.signed_off for s in counted),
        "stale": sum(s.state == STALE for s in counted),
        "expired": sum(s.calendar for s in counted),
        "errors": sum(s.state == ERROR for s in counted),
        "open": total - met - waived,
        "not_applicable": len(all_) - len(counted),
    }
    return Gate(phase, met=met, waived=waived, total=total, n_questions=n_questions, **numbers)


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
    """One gate in words: `MVP gate: 41 of 44 met, 2 waived, 1 stale.`"""
    extras = [f"{n} {word}" for n, word in ((gate.waived, "waived"), (gate.stale, "stale")) if n]
    rest = gate.open - gate.stale
    extras += [f"{rest} open"] if rest else []
    return f"{NAMES[gate.phase]} gate: {', '.join([f'{gate.met} of {gate.total} met', *extras])}."


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
