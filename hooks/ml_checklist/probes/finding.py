"""What a probe found: an outcome, a sentence, and where to look."""

from functools import partial
from typing import NamedTuple

FOUND, MISSING, UNKNOWN, ERROR = "found", "missing", "unknown", "error"


class Finding(NamedTuple):
    """`unknown` means that it cannot tell yet; then `remedy` names the command that lets it.

    n_own: tests of the project's own that it rests on, apart from those that were shipped.
    absent: what is not there at all, by the name that the template gives it.
    """

    outcome: str
    sentence: str
    location: str = ""
    value: object = None
    limit: object = None
    remedy: str = ""
    n_own: int = 0
    absent: str = ""

    @property
    def holds(self) -> bool:
        return self.outcome == FOUND


found = partial(Finding, FOUND)
missing = partial(Finding, MISSING)


def unknown(sentence: str, remedy: str, location: str = "") -> Finding:
    """It cannot be decided from what is here."""
    return Finding(UNKNOWN, sentence, location, remedy=remedy)
