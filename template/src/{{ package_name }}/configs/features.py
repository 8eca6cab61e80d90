"""What may be said in conf/features.yaml: features that go together, and why some stay."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from .load import load
from .schema import Section

PATH = "conf/features.yaml"


class Features(Section):
    """How `ablate` leaves features out, and reasons that it cannot see."""

    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    keep_because: dict[str, str] = Field(default_factory=dict)
    max_refits: Annotated[int, Field(ge=2, le=10_000)]

    @model_validator(mode="after")
    def _once(self) -> "Features":
        listed = [name for members in self.groups.values() for name in members]
        if twice := sorted({name for name in listed if listed.count(name) > 1}):
            raise ValueError(f"groups: '{twice[0]}' stands in two groups; leave it in one")
        return self

    def named(self) -> dict[str, list[str]]:
        """The keys of this file that name features, each with the names."""
        listed = {f"groups.{key}": list(names) for key, names in self.groups.items()}
        return listed | {"keep_because": list(self.keep_because)}


def load_features(root: Path) -> Features:
    """conf/features.yaml; raises ValueError with one line a mistake."""
    return load(root, PATH, Features)
