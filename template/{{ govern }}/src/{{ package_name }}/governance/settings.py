"""conf/governance.yaml, as the service and the commands read it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section

PATH = "conf/governance.yaml"


class Subject(Section):
    """How a person is named: the column in the data, and the header of a request."""

    column: str | None
    header: str


class Forbidden(Section):
    """A column that no model may use, and why."""

    column: str
    reason: Annotated[str, Field(min_length=10)]


class KeepDays(Section):
    """How long files are kept; null: for ever. The prediction log has its own in monitoring."""

    trail: Count | None
    quarantine: Count | None


class Keys(Section):
    """file: where the hashes of the keys lie; null: the service asks for none."""

    file: str | None


class Signatures(Section):
    """required: whether service and batch refuse a version without a valid one."""

    required: bool
    public_key: str


class Attacks(Section):
    """Limits of `attacks`; allowed_drop is a share of the metric on clean rows."""

    membership_auc: Annotated[float, Field(ge=0.5, le=1)]
    allowed_drop: Annotated[float, Field(ge=0)]


class Governance(Section):
    """Everything in conf/governance.yaml."""

    subject: Subject
    forbidden: tuple[Forbidden, ...]
    keep_days: KeepDays
    keys: Keys
    signatures: Signatures
    attacks: Attacks


def load_governance(root: Path, overrides: Sequence[str] = ()) -> Governance:
    """conf/governance.yaml, changed by `key=value` words; raises ValueError, one line a mistake."""
    return load(root, PATH, Governance, overrides)
