"""The keys that each probe takes, as shapes; the functions themselves are in probes.py."""

from collections.abc import Iterator
from typing import Any

from ml_checklist.shapes import Choice, Fault, Number, Shape, Text, Truth, Whole
from ml_checklist.shapes_nested import Keys, Later, ListOf

_FILE = Text(
    r"^(?!/)(?!.*\.\.(/|$))[^\\]+$", "a path below the project root, `/` between its parts"
)
_AT = Text(r"^[^.\s].*$", "a dotted path such as metrics.mae or slices[0].value")
_PATTERN = Text(kind="a regular expression")
_SIDE = Keys(file=_FILE, at=_AT)
_VALUE = {
    "equals_": Shape(),
    "min_": Number(),
    "max_": Number(),
    "in_": ListOf(Shape(), 1),
    "matches_": _PATTERN,
    "non_empty_": Truth(),
    "exists_": Truth(),
    "length_min_": Whole(1),
}

PROBE_SHAPES: dict[str, dict[str, Shape]] = {
    "file": {"file": _FILE, "min_bytes_": Whole(1)},
    "heading": {"file": _FILE, "heading": Text(), "min_words_": Whole(1)},
    "front-matter": {"file": _FILE, "keys": ListOf(Text(), 1)},
    "decision": {"about": Text(r"^[a-z0-9-]+$", "a slug")},
    "json": {"file": _FILE, "at": _AT, **_VALUE},
    "yaml": {"file": _FILE, "at": _AT, **_VALUE},
    "toml": {"file": _FILE, "at": _AT, **_VALUE},
    "config": {"at": _AT, **_VALUE},
    "difference": {"left": _SIDE, "right": _SIDE, "min_": Number(), "max_": Number()},
    "ledger": {"fields": ListOf(_AT, 1)},
    "fresh": {"file": _FILE},
    "proven": {"item_": Text(r"^[a-z][a-z0-9-]*\.[a-z0-9.-]+$", "an item id"), "min_": Whole(1)},
    "coverage": {"min": Number(), "of_": _FILE},
    "lock-fresh": {},
    "newer-than": {"file": _FILE, "than": ListOf(_FILE, 1)},
    "only-reader": {"of": _FILE, "allowed": ListOf(_FILE, 1)},
    "import-contract": {},
    "codeowners": {"paths": ListOf(Text(), 1)},
    "workflow": {"runs_": Text(), "trigger_": Text(), "job_": Text()},
    "git": {
        "tracked_": _FILE,
        "ignored_": ListOf(_FILE, 1),
        "max_mb_": Number(),
        "secrets_": Truth(),
    },
    "text": {"file": _FILE, "matches": _PATTERN, "absent_": Truth()},
    "notebooks-clean": {},
    "dependency": {"name": Text(), "group_": Text()},
}

# Of these keys exactly one must stand in the probe.
ONE_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("json", "yaml", "toml", "config"),
        ("equals", "min|max", "in", "matches", "non_empty", "exists", "length_min"),
    ),
    "git": ("tracked", "ignored", "max_mb", "secrets"),
    "workflow": ("runs|trigger|job",),
    "difference": ("min|max",),
}


class ProbeShape(Shape):
    """A probe: `type` and its keys, or one of all, any and not."""

    kind = "a probe"

    def fits(self, value: object) -> bool:
        return not any(True for _ in self.faults(value, (), 0))

    def faults(self, value: Any, path: tuple[str, ...], line: int) -> Iterator[Fault]:
        yield from _pick(value).faults(value, path, line)
        if isinstance(value, dict):
            yield from _one_of(value, path, getattr(value, "line", line))

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [_joined(word).schema() for word in _JOINS]
            + [_typed(kind).schema() for kind in PROBE_SHAPES]
        }


_JOINS = ("all", "any", "not")
PROBE = ProbeShape()
_AGAIN = Later("probe", lambda: PROBE)


def _joined(word: str) -> Keys:
    return Keys(**{word: _AGAIN if word == "not" else ListOf(_AGAIN, 1)})


def _typed(kind: str) -> Keys:
    return Keys(type=Choice(kind), reason_=Text(), **PROBE_SHAPES[kind])


def _pick(value: object) -> Shape:
    if not isinstance(value, dict):
        return Keys()
    for word in _JOINS:
        if word in value:
            return _joined(word)
    kind = value.get("type")
    if isinstance(kind, str) and kind in PROBE_SHAPES:
        return _typed(kind)
    return Keys(type=Choice(*PROBE_SHAPES))


def _one_of(value: dict[str, Any], path: tuple[str, ...], line: int) -> Iterator[Fault]:
    groups = ONE_OF.get(str(value.get("type")), ())
    given = [group for group in groups if any(key in value for key in group.split("|"))]
    if groups and len(given) != 1:
        ways = ", ".join(group.replace("|", " or ") for group in groups)
        yield Fault(
            line, path, f"needs one of the keys {ways}; got {' and '.join(given) or 'none'}"
        )
