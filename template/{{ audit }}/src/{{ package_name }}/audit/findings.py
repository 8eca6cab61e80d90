"""What an audit can find, and which findings are accepted."""

import functools
import importlib.resources
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml  # type: ignore[import-untyped]
from pydantic import Field, TypeAdapter

from ..configs.load import load
from ..configs.settings import Section
from ..utils.names import check_name

ACCEPTED = "conf/audit-accepted.yaml"
SEVERITIES = ("error", "warning")


class Kind(Section):
    """A kind of finding: why it matters, and what settles it."""

    severity: Literal["error", "warning"]
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


def acceptances(root: Path, today: date) -> dict[tuple[str, str], dict[str, str]]:
    """Reason and last day of what is accepted today, by id and file.

    Raises ValueError with the nearest id where one is unknown.
    """
    listed = load(root, ACCEPTED, Acceptances).accepted
    for one in listed:
        check_name(one.id, kinds(), f"{ACCEPTED}: id")
    known = [one for one in listed if one.until >= today]
    return {(one.id, one.file): {"reason": one.reason, "until": str(one.until)} for one in known}
