"""conf/operations.yaml: how cost is measured, and what it may be."""

from typing import Annotated, Literal

from pydantic import Field

from ..configs.settings import Count, Section, Share

PATH = "conf/operations.yaml"
Measure = Literal["p50", "p95", "throughput", "cpu", "rss", "train"]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Price(Section):
    """Of one core for an hour, of what is paid by the month, and of energy its constants."""

    cpu_hour: NotNegative
    per_month: NotNegative
    predictions_per_month: Count
    watts: Positive
    overhead: Annotated[float, Field(ge=1)]


class Operations(Section):
    """change: the largest ratio of candidate to accepted, of throughput the smallest.

    rounds, trainings: how often each side is measured, and trained. feature_share: of the latency.
    """

    change: dict[Measure, Positive]
    rounds: Annotated[int, Field(ge=5)]
    trainings: Annotated[int, Field(ge=2)]
    feature_share: Share
    price: Price
