"""The shapes of all checklist files: catalog, facts, views, ticks, waivers, project."""

from ml_checklist.probe_shapes import PROBE
from ml_checklist.shapes import Choice, Number, Shape, Text, Whole
from ml_checklist.shapes_nested import Keys, ListOf, Table

PHASES = ("poc", "mvp", "production")
DECLARED = (*PHASES, "live")
LEVELS = ("must", "should", "may")
KINDS = ("auto", "hybrid", "attest")

ID = Text(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+(\.[a-z0-9-]+)?$", "an id such as data.split-frozen")
URL = Text(r"^https?://[^\s<>\"]+$", "an address that starts with http:// or https://")
DATE = Text(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a date such as 2026-11-20")
PATH = Text(r"^(?!/)(?!.*\.\.(/|$))[^\\]+$", "a path below the project root, `/` between its parts")
HANDLE = Text(r"^\S(.*\S)?$", "a name or handle, quoted when it starts with @")
VERSION = Text(r"^[0-9]+\.[0-9]+\.[0-9]+$", "a version such as 0.1.0")
SOURCE = Text(
    r"^([0-9]{3}:[0-9][0-9, -]*|[a-z][a-z0-9-]*(:[A-Za-z0-9][A-Za-z0-9 ._-]*)?)$",
    "a source such as 004:298-304 or mlts:data-1, quoted",
)
LINK = Keys(title=Text(), url=URL)

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
    title=Text(),
    why=Text(),
    how=Text(),
    effort=Choice("low", "medium", "high"),
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

FACTS = Keys(
    facts=ListOf(
        Keys(
            name=Text(r"^[a-z][a-z0-9_]*$", "a name such as personal_data"),
            type=Choice("bool", "choice"),
            choices_=ListOf(Text(), 2),
            question=Text(),
            why=Text(),
            default_hint_=Text(),
        ),
        1,
    )
)

VIEW = Keys(
    view=_SLUG,
    title=Text(),
    about=Text(),
    source=LINK,
    scoring_=Choice("ml-test-score"),
    groups=ListOf(
        Keys(id=_SLUG, title=Text(), entries=ListOf(Keys(name=Text(), items=ListOf(ID)), 1)), 1
    ),
)

EVIDENCE = Keys(
    path_=PATH, git_=Text(r"^[0-9a-f]{40}([0-9a-f]{24})?$", "a content id"), url_=URL, note_=Text()
)
TICK = Keys(
    status=Choice("done", "not-applicable"),
    by=HANDLE,
    date=DATE,
    item_rev=Whole(1),
    reason_=Text(),
    evidence_=ListOf(EVIDENCE, 1),
)
WAIVER = Keys(reason=Text(), by=HANDLE, approver=HANDLE, date=DATE, until=DATE, item_rev=Whole(1))
PROJECT = Keys(
    phase=Choice(*DECLARED),
    facts_=Table(Shape()),
    root_=Text(r"^(?!/)[^\\]+$", "a folder relative to the one that holds checklist/"),
    map_=Table(PATH),
)
