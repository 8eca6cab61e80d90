"""What a probe found: an outcome, a sentence, and where to look."""

from typing import NamedTuple

FOUND, MISSING, UNKNOWN, ERROR = "found", "missing", "unknown", "error"


class Finding(NamedTuple):
    """`unknown` means that it cannot tell yet; then `remedy` names the command that lets it."""

    outcome: str
    sentence: str
    location: str = ""
    value: object = None
    limit: object = None
    remedy: str = ""

    @property
    def holds(self) -> bool:
        return self.outcome == FOUND


def found(sentence: str, location: str = "", value: object = None, limit: object = None) -> Finding:
    return Finding(FOUND, sentence, location, value, limit)


def missing(
    sentence: str, location: str = "", value: object = None, limit: object = None, remedy: str = ""
) -> Finding:
    return Finding(MISSING, sentence, location, value, limit, remedy)


def unknown(sentence: str, remedy: str, location: str = "") -> Finding:
    """It cannot be decided from what is here."""
    return Finding(UNKNOWN, sentence, location, remedy=remedy)
