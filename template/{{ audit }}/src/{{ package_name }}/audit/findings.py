"""What an audit can find, and which findings a person has accepted."""

import functools
import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml  # type: ignore[import-untyped]
from pydantic import Field, TypeAdapter

from ..configs.load import load
from ..configs.settings import Section
from ..utils.names import check_name

ACCEPTED = "conf/audit-accepted.yaml"
SEVERITIES = ("error", "warning", "note")


class Kind(Section):
    """A kind of finding: why it matters, and what settles it."""

    severity: Literal["error", "warning", "note"]
    why: str
    action: str


@dataclass(frozen=True)
class Finding:
    """kind: a key of kinds.yaml. seen: what was found. line: from 1; None: the whole file."""

    kind: str
    seen: str
    file: str
    line: int | None = None


class Accepted(Section):
    """Findings of one kind in one file, accepted through the day `until`."""

    id: str
    file: str
    reason: Annotated[str, Field(min_length=10)]
    until: date


class Acceptances(Section):
    """conf/audit-accepted.yaml."""

    accepted: tuple[Accepted, ...] = ()


@functools.cache
def kinds() -> dict[str, Kind]:
    """Every kind of finding, by its id."""
    text = importlib.resources.files(__package__).joinpath("kinds.yaml").read_text("utf-8")
    return TypeAdapter(dict[str, Kind]).validate_python(yaml.safe_load(text))


def apply_acceptances(
    root: Path, found: Iterable[Finding], today: date
) -> tuple[list[Finding], list[tuple[Finding, Accepted]]]:
    """Findings that stand, and those that are accepted today, each with its acceptance.

    Raises ValueError with the nearest id where an acceptance names an unknown one.
    """
    acceptances = load(root, ACCEPTED, Acceptances).accepted
    for one in acceptances:
        check_name(one.id, kinds(), f"{ACCEPTED}: id")
    known = {(one.id, one.file): one for one in acceptances if one.until >= today}
    standing: list[Finding] = []
    accepted: list[tuple[Finding, Accepted]] = []
    for finding in found:
        match = known.get((finding.kind, finding.file))
        if match is None:
            standing.append(finding)
        else:
            accepted.append((finding, match))
    used = [one for _, one in accepted]
    for number, one in enumerate(acceptances):
        if one not in used:
            kind = "acceptance.over" if one.until < today else "acceptance.unused"
            seen = f"{one.id} in {one.file}, until {one.until}: {one.reason}"
            line = line_of(root, ACCEPTED, "accepted", number)
            standing.append(Finding(kind, seen, ACCEPTED, line))
    return standing, accepted


def line_of(root: Path, file: str, *path: str | int) -> int | None:
    """The line of a key in a YAML or JSON file, of the deepest part that is there."""
    try:
        node: Any = yaml.compose((root / file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    line = None
    for key in path:
        if isinstance(node, yaml.MappingNode):
            inside = {name.value: (name, value) for name, value in node.value}
        elif isinstance(node, yaml.SequenceNode):
            inside = {number: (one, one) for number, one in enumerate(node.value)}
        else:
            break
        if key not in inside:
            break
        name, node = inside[key]
        line = int(name.start_mark.line) + 1
    return line
