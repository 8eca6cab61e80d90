"""What may be set in conf/ray.yaml: types and units."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section, Share

PATH = "conf/ray.yaml"
Amount = Annotated[float, Field(ge=0)]


class Cluster(Section):
    """Everything in conf/ray.yaml; null: what Ray finds on the machine."""

    address: str | None
    num_cpus: Count | None
    num_gpus: Annotated[int, Field(ge=0)] | None
    object_store_mb: Annotated[int, Field(ge=76)]  # Ray refuses less
    disk_share: Share
    storage: str
    start_tries: Count
    task_cpus: Amount
    task_gpus: Amount
    task_retries: Annotated[int, Field(ge=-1)]
    in_flight: Count | None
    replicas: Count


def read_settings(root: Path) -> Cluster:
    """conf/ray.yaml; raises ValueError with one line a mistake."""
    return load(root, PATH, Cluster)
