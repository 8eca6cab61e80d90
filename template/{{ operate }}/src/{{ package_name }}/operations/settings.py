"""conf/operations.yaml, and what conf/slo.yaml allows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from ..configs.load import load
from ..configs.settings import Count, Section, Share

PATH, SLO = "conf/operations.yaml", "conf/slo.yaml"
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Change(Section):
    """Ratios of the candidate to the accepted version: the largest; of throughput the smallest."""

    p50: Positive
    p95: Positive
    throughput: Positive
    cpu: Positive
    rss: Positive
    train: Positive


class Bench(Section):
    """How much is measured."""

    rounds: Annotated[int, Field(ge=5)]
    requests: Annotated[int, Field(ge=20)]
    burst: Count
    trainings: Annotated[int, Field(ge=0)]


class Features(Section):
    """Features may take this share of the latency."""

    budget_share: Share
    rows: Count


class Price(Section):
    """Of one core for an hour, and of what is paid by the month."""

    cpu_hour: NotNegative
    per_month: NotNegative
    predictions_per_month: Count


class Energy(Section):
    """Constants of an estimate: watts of a busy core, and the overhead of its building."""

    watts: Positive
    overhead: Annotated[float, Field(ge=1)]


class Delivery(Section):
    """patch_days: a patch release so soon means that the release before it failed."""

    patch_days: NotNegative


class Operations(Section):
    """Everything in conf/operations.yaml."""

    change: Change
    bench: Bench
    features: Features
    price: Price
    energy: Energy
    delivery: Delivery


class Cost(Section):
    """`cost` in conf/slo.yaml."""

    per_1000_predictions: Positive
    currency: str


class Budget(BaseModel):
    """The part of conf/slo.yaml that concerns money."""

    cost: Cost


def load_operations(root: Path, overrides: Sequence[str] = ()) -> Operations:
    """conf/operations.yaml, changed by `key=value` words; raises ValueError, one line a mistake."""
    return load(root, PATH, Operations, overrides)
