"""What may be said in conf/business.yaml: what an answer is worth, in the people's own unit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from .load import load
from .schema import Section

PATH = "conf/business.yaml"
Cost = Annotated[float, Field(ge=0)]


class Threshold(Section):
    """From where on a number leads to an act, and what a wrong act costs."""

    at: float
    needless: Cost
    missed: Cost


class Business(Section):
    """Values of right and wrong answers; None where nobody has said one."""

    unit: str | None = None
    said_by: str | None = None
    value: dict[str, dict[str, float]] | None = None
    over: Cost | None = None
    under: Cost | None = None
    threshold: Threshold | None = None

    @field_validator("value", mode="before")
    @classmethod
    def _labels_are_text(cls, given: Any) -> Any:
        """YAML reads the label 0 as a number."""
        if not isinstance(given, Mapping):
            return given
        return {
            str(true): {str(said): worth for said, worth in row.items()}
            if isinstance(row, Mapping)
            else row
            for true, row in given.items()
        }

    @model_validator(mode="after")
    def _is_whole(self) -> "Business":
        if (self.over is None) != (self.under is None):
            raise ValueError("over and under belong together; 0 is a cost too")
        if self.unit is None and (self.value or self.over is not None or self.threshold):
            raise ValueError("unit is missing; say what the values count, such as EUR or minutes")
        return self

    def is_said(self, task: str) -> bool:
        """Whether there is a value for answers of this task."""
        if task == "classification":
            return self.value is not None
        return self.over is not None or self.threshold is not None

    def check_labels(self, classes: Sequence[str]) -> None:
        """Raise ValueError where a label is none of the classes."""
        rows = self.value or {}
        for label in [*rows, *(said for row in rows.values() for said in row)]:
            if label not in classes:
                quoted = " (in quotes where YAML takes it for something else)"
                raise ValueError(
                    f"{PATH}: value: there is no class '{label}'; there are "
                    f"{', '.join(classes)}{quoted if label in ('True', 'False', 'None') else ''}"
                )


def load_business(root: Path) -> Business:
    """conf/business.yaml; raises ValueError with one line a mistake."""
    return load(root, PATH, Business)
