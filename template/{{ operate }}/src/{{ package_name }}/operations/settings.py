"""conf/operations.yaml, and what conf/slo.yaml allows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from ..configs.load import load
from ..configs.settings import Count, Section, Share
from ..serving.load_test import Objectives

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
    """How often each side is measured, and trained."""

    rounds: Annotated[int, Field(ge=5)]
    trainings: Annotated[int, Field(ge=2)]


class Features(Section):
    """Features may take this share of the latency."""

    budget_share: Share


class Price(Section):
    """Of one core for an hour, of what is paid by the month, and of energy its constants."""

    cpu_hour: NotNegative
    per_month: NotNegative
    predictions_per_month: Count
    watts: Positive
    overhead: Annotated[float, Field(ge=1)]


class Operations(Section):
    """Everything in conf/operations.yaml."""

    change: Change
    bench: Bench
    features: Features
    price: Price


class Cost(BaseModel):
    """`cost` in conf/slo.yaml."""

    per_1000_predictions: Positive
    currency: str


class Slo(BaseModel):
    """The parts of conf/slo.yaml that concern load and money."""

    serving: Objectives
    cost: Cost


def load_both(root: Path, overrides: Sequence[str] = ()) -> tuple[Operations, Slo]:
    """Both files, the first changed by `key=value` words; raises ValueError, a line a mistake."""
    return load(root, PATH, Operations, overrides), load(root, SLO, Slo)
