"""conf/monitoring.yaml, as the service and the commands read it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section, Share

PATH = "conf/monitoring.yaml"
Positive = Annotated[float, Field(gt=0)]


class Log(Section):
    """What is kept of each prediction. mask: columns whose cells are never written."""

    raw: Literal["row", "hash", "none"]
    mask: tuple[str, ...]
    keep_days: Count | None


class Windows(Section):
    """How the log is cut, and when a window rings; docs/monitoring.md has the rule."""

    days: Positive
    season: Count
    level: Share
    persist: Count
    min_rows: Count


class Signal(Section):
    """A number of reports/live.json (`metric`, a path with dots) that must not exceed this."""

    name: str
    metric: str
    threshold: float
    owner: str | None
    action: str


class Quality(Section):
    """The lowest acceptable live metric of conf/default.yaml; of an error its negative."""

    floor: float | None
    min_labelled: Count


class Model(Section):
    """How old the served model may be."""

    max_age_days: Positive


class Kpi(Section):
    """The file of the business indicator, and how far it must move with live quality."""

    file: str | None
    lower_is_better: bool
    min_correlation: Share


class Monitoring(Section):
    """Everything in conf/monitoring.yaml; what is a dict here is for readers and the checklist."""

    labels: dict[Literal["source", "delay_days"], str | float | None]
    log: Log
    windows: Windows
    quality: Quality
    model: Model
    kpi: Kpi
    signals: tuple[Signal, ...]
    on_call: dict[Literal["owner", "deputy", "channel"], str | None]
    upstream: tuple[dict[Literal["name", "owner", "channel"], str | None], ...]
    exploration: dict[Literal["share", "reason"], str | float | None]


def load_monitoring(root: Path, overrides: Sequence[str] = ()) -> Monitoring:
    """conf/monitoring.yaml, changed by `key=value` words; ValueError, one line a mistake."""
    return load(root, PATH, Monitoring, overrides)
