"""What may stand in conf/gates.yaml: what a model must hold before it is used."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from .load import load
from .schema import Count, Section

GATES = "conf/gates.yaml"


class Slices(Section):
    """Floors of parts of the rows, in the unit of `metric`."""

    min_rows: Count
    default: float | None
    columns: dict[str, float]

    def floor_of(self, column: str) -> float | None:
        """The worst acceptable value in each slice of a column; None where none was agreed."""
        return self.columns.get(column, self.default)


class Promotion(Section):
    """How a model is weighed against the champion."""

    tolerance: Annotated[float, Field(ge=0)] | None


class Gates(Section):
    """Everything in conf/gates.yaml."""

    slices: Slices
    promotion: Promotion


def load_gates(root: Path) -> Gates:
    """conf/gates.yaml; raises ValueError with one line a mistake."""
    return load(root, GATES, Gates)
