"""What may be promised in conf/slo.yaml: limits of the service or the batch, with their units."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from .load import load
from .schema import Count, Positive, Section, Share

SLO = "conf/slo.yaml"


class Serving(Section):
    """Load, latency, deadline and size; what does not apply to this project is left out."""

    latency_p95_ms: Positive | None = None
    requests_per_second: Positive | None = None
    availability: Share | None = None
    error_rate: Annotated[float, Field(ge=0, le=0.5)]
    deadline: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    rows_per_run: Count | None = None
    memory_mb: Positive
    storage_gb: Positive


class Objective(Section):
    """A share of good events over some days, such as 0.99 of requests answered in time."""

    name: str
    target: Share
    window_days: Count


class Cost(Section):
    """What predictions may cost, in the currency of the bill."""

    per_1000_predictions: Positive


class Slo(Section):
    """Everything in conf/slo.yaml; objectives, their policy and cost are for production."""

    serving: Serving
    objectives: tuple[Objective, ...] = ()
    budget_policy: str | None = None
    cost: Cost | None = None


def load_slo(root: Path) -> Slo:
    """conf/slo.yaml; raises ValueError with one line a mistake."""
    return load(root, SLO, Slo)
