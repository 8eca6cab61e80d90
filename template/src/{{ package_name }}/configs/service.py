"""What may be configured in conf/service.yaml: types, units and ranges."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from .load import load
from .schema import Count, Positive, Section, Share

SERVICE = "conf/service.yaml"

Seconds = Annotated[float, Field(ge=0)]


class Limits(Section):
    """How much the service takes on before it says no."""

    concurrency: Count
    requests_per_second: Positive | None
    burst: Count
    body_bytes: Count
    body_s: Positive
    rows: Count


class Stop(Section):
    """How the service ends."""

    drain_s: Seconds
    wait_s: Positive


class AllowedAnswers(Section):
    """What may leave the service as an answer of the model."""

    sure_above: Share | None = None
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> "AllowedAnswers":
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min must be at most max, got {self.min:g} and {self.max:g}")
        return self


class Service(Section):
    """Everything in conf/service.yaml."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    model: Annotated[str, Field(coerce_numbers_to_str=True)]  # a version is written 2 and means "2"
    key_env: str | None = None
    budget_ms: Positive
    explain_ms: Positive
    inline_ms: Seconds
    threads: Count
    limits: Limits
    stop: Stop
    answers: AllowedAnswers
    log_inputs: bool


def load_service(root: Path, overrides: Sequence[str] = ()) -> Service:
    """conf/service.yaml, changed by `key=value` words; raises ValueError, one line a mistake."""
    return load(root, SERVICE, Service, overrides)
