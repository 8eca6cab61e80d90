"""The shapes of all checklist files."""

from collections.abc import Iterator
from typing import Any

from ml_checklist.catalog.items import MINUTES, PHASES
from ml_checklist.probes import JOINS, PATH, PROBES
from ml_checklist.shapes import (
    Choice,
    Either,
    Fault,
    Keys,
    ListOf,
    Nested,
    Number,
    Shape,
    Table,
    Text,
    Truth,
    Whole,
)


class ProbeShape(Nested):
    """A probe: `type` and its keys, or one of all, any and not."""

    kind = "a probe"

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        yield from _pick(value).faults(value, path, line)
        if isinstance(value, dict):
            yield from _one_of(value, path, getattr(value, "line", line))


PROBE = ProbeShape()


def joined(word: str) -> Keys:
    """The shape of a probe that combines others."""
    return Keys(**{word: PROBE if word == "not" else ListOf(PROBE, 1)})


def typed(kind: str) -> Keys:
    """The shape of a single probe."""
    return Keys(type=Choice(kind), says_=Text(), reason_=Text(), **PROBES[kind].keys)


def _pick(value: object) -> Shape:
    if not isinstance(value, dict):
        return Keys()
    for word in JOINS:
        if word in value:
            return joined(word)
    kind = value.get("type")
    if isinstance(kind, str) and kind in PROBES:
        return typed(kind)
    return Keys(type=Choice(*PROBES))


def _one_of(value: dict[str, Any], path: tuple[str, ...], line: int) -> Iterator[Fault]:
    kind = PROBES.get(str(value.get("type")))
    groups = kind.one_of if kind else ()
    given = [group for group in groups if any(key in value for key in group.split("|"))]
    if groups and len(given) != 1:
        ways = ", ".join(group.replace("|", " or ") for group in groups)
        text = f"needs one of the keys {ways}; got {' and '.join(given) or 'none'}"
        yield Fault(line, path, text)


DECLARED = (*PHASES, "live")
LEVELS = ("must", "should", "may")
KINDS = ("auto", "hybrid", "attest")

ID = Text(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+(\.[a-z0-9-]+)?$", "an id such as data.split-frozen")
URL = Text(r"^https?://[^\s<>\"]+$", "an address that starts with http:// or https://")
DATE = Text(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a date such as 2026-11-20")
HANDLE = Text(r"^\S(.*\S)?$", "a name or handle, quoted when it starts with @")
VERSION = Text(r"^[0-9]+\.[0-9]+\.[0-9]+$", "a version such as 0.1.0")
SOURCE = Text(
    r"^([0-9]{3}:[0-9][0-9, -]*|[a-z][a-z0-9-]*(:[A-Za-z0-9][A-Za-z0-9 ._-]*)?)$",
    "a source such as 004:298-304 or mlts:data-1, quoted",
)
LINK = Keys(title=Text(), url=URL)
COMPONENT = Text(r"^[a-z][a-z0-9-]*$", "a component such as serve")

LIFECYCLE = Keys(
    state=Choice("upcoming", "active", "deprecated", "retired"),
    since=VERSION,
    changed_=VERSION,
    active_in_=VERSION,
    replaced_by_=ID,
    note_=Text(),
)

ITEM = Keys(
    id=ID,
    rev=Whole(1),
    was_=ListOf(ID),
    merged_=Keys(rev=Whole(2), ids=ListOf(ID, 1)),
    title=Text(),
    short_=Text(),
    why=Text(),
    how=Either(Text(), ListOf(Text(), 1)),
    do_=Text(),
    effort=Either(Whole(), Choice(*MINUTES)),
    essential_=Truth(),
    component_=Either(COMPONENT, ListOf(COMPONENT, 1)),
    went_wrong_=LINK,
    phase=Choice(*PHASES),
    level=Choice(*LEVELS),
    kind=Choice(*KINDS),
    when_=Text(),
    max_age_days_=Whole(1),
    requires_=ListOf(ID),
    lifecycle=LIFECYCLE,
    probe_=PROBE,
    paths_=ListOf(PATH),
    evidence_=Keys(accept_=ListOf(Choice("path", "url"), 1), files_=ListOf(PATH, 1)),
    methods_=ListOf(Keys(name=Text(), paper_=LINK)),
    options_=ListOf(Keys(name=Text(), what=Text(), url=URL)),
    refs_=ListOf(Keys(title=Text(), url=URL, kind=Choice("notes", "docs", "paper", "standard"))),
    source=ListOf(SOURCE, 1),
)

# What stays of an item that no longer exists, so that its old ticks are understood.
TOMBSTONE = Keys(id=ID, rev=Whole(1), was_=ListOf(ID), title_=Text(), lifecycle=LIFECYCLE)

_SLUG = Text(r"^[a-z][a-z0-9-]*$", "a word such as data-engineering")
SECTION = {"section": _SLUG, "order": Whole(), "title": Text(), "about": Text()}
TIGHTEN = Keys(
    id=ID,
    phase_=Choice(*PHASES),
    level_=Choice(*LEVELS),
    max_age_days_=Whole(1),
    min_=Number(),
    max_=Number(),
    reason_=Text(),
)

OVERLAY = Keys(
    **{f"{key}_": shape for key, shape in SECTION.items()},
    items_=ListOf(Shape(), 1),
    tighten_=ListOf(TIGHTEN, 1),
)

_FACT = Keys(
    name=Text(r"^[a-z][a-z0-9_]*$", "a name such as personal_data"),
    type=Choice("bool", "choice"),
    choices_=ListOf(Text(), 2),
    question=Text(),
    why=Text(),
    default_hint_=Text(),
)
FACTS = Keys(facts=ListOf(_FACT, 1))

# at_most: points where a run by hand is committed, unless an item holds, such as a schedule.
# signed: items of a person's, which give half a point where `items` hold not.
_ENTRY = Keys(name=Text(), items=ListOf(ID), signed_=ListOf(ID), at_most_=Number(), unless_=ID)
_ENTRIES = ListOf(_ENTRY, 1)
VIEW = Keys(
    view=_SLUG,
    title=Text(),
    about=Text(),
    source=LINK,
    scoring_=Choice("ml-test-score"),
    groups=ListOf(Keys(id=_SLUG, title=Text(), entries=_ENTRIES), 1),
)

EVIDENCE = Keys(
    path_=PATH, git_=Text(r"^[0-9a-f]{40}([0-9a-f]{24})?$", "a content id"), url_=URL, note_=Text()
)
TICK = Keys(
    status=Choice("done", "not-applicable"),
    by=HANDLE,
    approver_=HANDLE,
    date=DATE,
    item_rev=Whole(1),
    reason_=Text(),
    evidence_=ListOf(EVIDENCE, 1),
)
WAIVER = Keys(reason=Text(), by=HANDLE, approver=HANDLE, date=DATE, until=DATE, item_rev=Whole(1))
DECLINE = Keys(reason=Text(), by=HANDLE, date=DATE, item_rev=Whole(1))
PROJECT = Keys(
    phase=Choice(*DECLARED),
    facts_=Table(Shape()),
    root_=Text(r"^(?!/)[^\\]+$", "a folder relative to the one that holds checklist/"),
    map_=Table(PATH),
)
