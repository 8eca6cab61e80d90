"""The arguments of a probe as words of a sentence: no pattern and no raw data reaches a reader."""

from collections.abc import Mapping
from typing import Any

_EVENTS = {
    "pull_request": "on each pull request",
    "merge_group": "in the merge queue",
    "schedule": "on a schedule",
    "push": "on each push",
    "workflow_dispatch": "by hand",
}


class Words(dict[str, str]):
    """Words by argument; what was not given is nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def of(kind: str, arguments: Mapping[str, Any]) -> Words:
    """The words that the docstring of the probe `kind` may name."""
    words = Words({key: _plain(value) for key, value in arguments.items()})
    make = {"workflow": _workflow, "git": _git, "coverage": _share}.get(kind, bound)
    words["what"] = make(arguments)
    return words


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return listed([_plain(each) for each in value])
    if isinstance(value, dict):
        return f"{value.get('at')} in {value.get('file')}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def bound(arguments: Mapping[str, Any]) -> str:
    """What a value must be, behind the word `must`."""
    low, high = arguments.get("min"), arguments.get("max")
    if (low, high) != (None, None) and _endless(low) and _endless(high):
        return "be a number"
    if low is not None and high is not None:
        return f"lie between {low} and {high}"
    said = (
        (low is not None, f"be at least {low}"),
        (high is not None, f"be at most {high}"),
        ("equals" in arguments, f"be {_plain(arguments.get('equals'))}"),
        ("in" in arguments, f"be one of {', '.join(map(_plain, arguments.get('in') or ()))}"),
        ("length_min" in arguments, f"have {arguments.get('length_min')} or more entries"),
        ("matches" in arguments, "be as the item asks"),
        (arguments.get("non_empty") is False, "be empty"),
        ("non_empty" in arguments, "be filled in"),
        (arguments.get("exists") is False, "not be set"),
    )
    return next((text for given, text in said if given), "be set")


def _endless(limit: float | None) -> bool:
    """Whether a limit asks for no more than that there is a number."""
    return limit is None or abs(limit) >= 1e9


def _workflow(arguments: Mapping[str, Any]) -> str:
    runs, job, trigger = (arguments.get(key, "") for key in ("runs", "job", "trigger"))
    act = f"run `{runs}`" if runs else f"have a job {job}" if job else "start"
    where = f"in the job {job}" if runs and job else ""
    when = _EVENTS.get(trigger, f"on {trigger}") if trigger else ""
    return " ".join(filter(None, (act, where, when)))


def _git(arguments: Mapping[str, Any]) -> str:
    if arguments.get("tracked"):
        return f"track {arguments['tracked']}"
    if arguments.get("ignored"):
        return f"ignore {listed(arguments['ignored'])}"
    if arguments.get("max_mb") is not None:
        return f"hold no file above {arguments['max_mb']} MB"
    return "hold no secret"


def _share(arguments: Mapping[str, Any]) -> str:
    return f"{arguments['min']:.0%} of the lines of {arguments.get('of') or 'the code'}"
