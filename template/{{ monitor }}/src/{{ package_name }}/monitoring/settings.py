"""conf/monitoring.yaml, as the service and the commands read it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section, Share

PATH = "conf/monitoring.yaml"
Positive = Annotated[float, Field(gt=0)]
Limit = Annotated[float, Field(ge=0)]


class Labels(Section):
    """Where true labels come from, and how many days after the prediction."""

    source: str | None
    delay_days: Limit | None


class Log(Section):
    """What is kept of each prediction. raw: the row, its SHA-256, or neither.

    mask: columns whose cells are never written. The rest is how segments are written.
    """

    raw: Literal["row", "hash", "none"]
    mask: tuple[str, ...] = ()
    keep_days: Count | None
    queue: Count
    flush_s: Positive
    close_s: Positive
    close_mb: Positive


class Windows(Section):
    """How the log is cut, and when a window rings; docs/monitoring.md has the rule."""

    days: Positive
    season: Count
    level: Share
    min_psi: Limit
    persist: Count
    min_rows: Count
    shown: Count


class Signal(Section):
    """A number of reports/live.json (`metric`, a path with dots) that must not exceed this."""

    name: str
    metric: str
    threshold: float
    owner: str | None
    action: str


class OnCall(Section):
    """Who is called."""

    owner: str | None
    deputy: str | None
    channel: str | None


class Upstream(Section):
    """A team whose data comes in."""

    name: str
    owner: str | None
    channel: str | None


class Quality(Section):
    """The lowest acceptable live metric of conf/default.yaml (the highest of an error)."""

    floor: float | None
    min_labelled: Count


class Model(Section):
    """How old the served model may be."""

    max_age_days: Positive


class Exploration(Section):
    """The share of cases that are decided by chance or by a rule."""

    share: Annotated[float, Field(ge=0, le=1)] | None
    reason: str | None


class Monitoring(Section):
    """Everything in conf/monitoring.yaml."""

    labels: Labels
    log: Log
    windows: Windows
    quality: Quality
    model: Model
    signals: tuple[Signal, ...]
    on_call: OnCall
    upstream: tuple[Upstream, ...] = ()
    exploration: Exploration


def load_monitoring(root: Path, overrides: Sequence[str] = ()) -> Monitoring:
    """conf/monitoring.yaml, changed by `key=value` words; ValueError, one line a mistake."""
    return load(root, PATH, Monitoring, overrides)
