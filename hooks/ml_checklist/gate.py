"""Count what a gate asks for, and say whether it holds."""

from typing import NamedTuple

from ml_checklist.finding import ERROR
from ml_checklist.item_shapes import PHASES
from ml_checklist.items import RANK
from ml_checklist.state import NOT_APPLICABLE, PASS, STALE, WAIVED, Status
from ml_checklist.survey import Question, Survey

NAMES = {"poc": "PoC", "mvp": "MVP", "production": "Production", "live": "Live"}


class Gate(NamedTuple):
    """The numbers of one gate; total = met + waived + open, and met = proven + vouched.

    stale and expired are part of open; expired went stale by the calendar alone.
    n_questions, part of open too, are facts without which it is not known what applies.
    """

    phase: str
    met: int
    proven: int
    vouched: int
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


def asked(survey: Survey, phase: str) -> list[Status]:
    """The statuses that the gate of `phase` asks about.

    Its own items and those of earlier phases.
    """
    rank = RANK[phase]
    statuses = survey.statuses.values()
    return [s for s in statuses if s.item.counts and RANK[s.item.phase] <= rank and not s.asks]


def questions(survey: Survey, phase: str) -> list[Question]:
    """The facts that the gate of `phase` waits for."""
    return [question for question in survey.questions if RANK[question.phase] <= RANK[phase]]


def count(survey: Survey, phase: str) -> Gate:
    """The numbers of the gate of one phase."""
    all_ = asked(survey, phase)
    counted = [status for status in all_ if status.state != NOT_APPLICABLE]
    n_questions = len(questions(survey, phase))
    met, waived = (sum(s.state == state for s in counted) for state in (PASS, WAIVED))
    total = len(counted) + n_questions
    return Gate(
        phase=phase,
        met=met,
        proven=sum(s.proven for s in counted),
        vouched=sum(s.vouched for s in counted),
        waived=waived,
        open=total - met - waived,
        stale=sum(s.state == STALE for s in counted),
        expired=sum(s.calendar for s in counted),
        n_questions=n_questions,
        errors=sum(s.state == ERROR for s in counted),
        total=total,
        not_applicable=len(all_) - len(counted),
    )


def still_open(survey: Survey, phase: str, *, calendar: bool = False) -> list[Status]:
    """What keeps the gate from holding, musts first, then as the catalog orders them."""
    done = (PASS, WAIVED, NOT_APPLICABLE)
    left = [s for s in asked(survey, phase) if s.state not in done and (calendar or not s.calendar)]
    return sorted(left, key=lambda s: (RANK[s.item.phase], s.item.level != "must"))


def claimed(phase: str) -> str | None:
    """The last gate that a declared phase says it has passed.

    None for poc, which claims nothing.
    """
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
