"""What may be configured in conf/queue.yaml: types, units and ranges."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from .load import load
from .schema import Count, Positive, Section

QUEUE = "conf/queue.yaml"

Name = Annotated[str, Field(min_length=1)]


class Streams(Section):
    """Where requests come from and where each of them ends: in one of the other two."""

    requests: Name
    answers: Name
    refused: Name

    @model_validator(mode="after")
    def _fits(self) -> "Streams":
        names = [self.requests, self.answers, self.refused]
        if len(set(names)) < len(names):
            raise ValueError(f"three streams need three names, got {', '.join(names)}")
        return self


class Queue(Section):
    """Everything in conf/queue.yaml."""

    url: Name
    url_env: str | None = None
    model: Annotated[str, Field(coerce_numbers_to_str=True)]  # a version is written 2 and means "2"
    group: Name
    streams: Streams
    rows: Count
    body_bytes: Count
    claim_after_s: Positive
    max_deliveries: Count
    remember_s: Count
    kept: Count
    stop_s: Positive


def load_queue(root: Path, overrides: Sequence[str] = ()) -> Queue:
    """conf/queue.yaml, changed by `key=value` words; raises ValueError, one line a mistake."""
    return load(root, QUEUE, Queue, overrides)
