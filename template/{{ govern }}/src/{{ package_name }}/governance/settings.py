"""conf/governance.yaml, as the service and the commands read it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section

PATH = "conf/governance.yaml"


class Subject(Section):
    """How a person is named: the column in the data, and the header of a request."""

    column: str | None
    header: str


class Key(Section):
    """Whose key it is, what it may do, and its last day (UTC)."""

    name: str
    scopes: frozenset[Literal["predict", "feedback", "metrics", "admin"]]  # admin: everything
    expires: date


class KeyFile(Section):
    """The file that `key_file` names: keys by their SHA-256."""

    keys: dict[str, Key]


class Attacks(Section):
    """Limits of `attacks`; allowed_drop is a share of the metric on clean rows."""

    membership_auc: Annotated[float, Field(ge=0.5, le=1)]
    allowed_drop: Annotated[float, Field(ge=0)]


class Governance(Section):
    """Everything in conf/governance.yaml.

    forbidden: columns that no model may use, and why. keep_days: null: for ever.
    key_file: null: the service asks for no key. public_key: null: versions need no signature.
    """

    subject: Subject
    forbidden: dict[str, Annotated[str, Field(min_length=10)]]
    keep_days: dict[Literal["trail", "quarantine"], Count | None]
    key_file: str | None
    public_key: str | None
    attacks: Attacks


def load_governance(root: Path, overrides: Sequence[str] = ()) -> Governance:
    """conf/governance.yaml, changed by `key=value` words; raises ValueError, one line a mistake."""
    return load(root, PATH, Governance, overrides)
