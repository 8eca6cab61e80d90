"""conf/service.yaml as the service reads it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section
from .batching import Timing
from .middleware import Limits
from .model_version import Outputs

PATH = "conf/service.yaml"


class Service(Section):
    """Everything in conf/service.yaml."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    model: Annotated[str, Field(coerce_numbers_to_str=True)]  # a version is written 2, means "2"
    key_env: str | None = None
    timing: Timing
    limits: Limits
    outputs: Outputs
    stop_s: Count
    log_inputs: bool


def load_service(root: Path, overrides: Sequence[str] = ()) -> Service:
    """conf/service.yaml, changed by `key=value` words; raises ValueError, one line a mistake."""
    return load(root, PATH, Service, overrides)
