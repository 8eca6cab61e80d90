"""What may stand in conf/contract.yaml: what rows must hold at every door."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from .schema import Positive, Section

CONTRACT = "conf/contract.yaml"

Kind = Literal["numeric", "boolean", "categorical", "date", "text"]
End = float | str | None


class ColumnRules(Section):
    """What the cells of one column must hold; an empty cell breaks `nullable` and nothing else.

    required: the column must be in every file and every request. nullable: a cell may be empty.
    min, max: both allowed; numbers, or for dates ISO 8601 without a time zone. one_of: every value
    of a categorical column. unit: for people. unique: checked where a whole table is at hand.
    """

    kind: Kind
    required: bool = True
    nullable: bool
    min: End = None
    max: End = None
    one_of: tuple[str, ...] | None = None
    unit: str | None = None
    unique: bool = False

    @model_validator(mode="after")
    def _fits(self) -> "ColumnRules":
        for name, end in (("min", self.min), ("max", self.max)):
            if end is not None:
                _check_end(name, end, self.kind)
        low, high = self.ends
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            raise ValueError(f"min must be at most max, got {_said(self.min)}, {_said(self.max)}")
        if self.one_of is not None and self.kind != "categorical":
            raise ValueError(f"one_of is for categorical columns, and this one is {self.kind}")
        if self.one_of is not None and not self.one_of:
            raise ValueError("one_of names no value; null allows every one")
        return self

    @property
    def ends(self) -> tuple[float | datetime | None, float | datetime | None]:
        """`min` and `max` as values that compare with the column's cells."""
        return _as_cell(self.min), _as_cell(self.max)


def _check_end(name: str, end: float | str, kind: Kind) -> None:
    if kind not in ("numeric", "date"):
        raise ValueError(f"{name} is for numbers and dates, and this column is {kind}")
    if kind == "numeric" and isinstance(end, str):
        raise ValueError(f"{name} must be a number, got '{end}'")
    if kind == "date" and not (isinstance(end, str) and _is_moment(end)):
        raise ValueError(f"{name} must be a date such as '2024-12-31', got {end!r}")


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _said(end: End) -> str:
    return f"{end:g}" if isinstance(end, float) else str(end)


def _as_cell(end: End) -> float | datetime | None:
    return datetime.fromisoformat(end) if isinstance(end, str) else end


class Labels(Section):
    """What the target must hold where it is known: its classes, or the range of its numbers.

    min_share: the least share of the rows that each class must have; null is not checked.
    """

    column: str
    one_of: Annotated[tuple[str, ...], Field(min_length=2)] | None = None
    min: float | None = None
    max: float | None = None
    min_share: Annotated[float, Field(ge=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Labels":
        if self.one_of is not None and not (self.min is self.max is None):
            raise ValueError("give one_of for classes or min and max for numbers, not both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min must be at most max, got {self.min:g}, {self.max:g}")
        if self.min_share is not None and self.one_of is None:
            raise ValueError("min_share is about classes, and one_of names none")
        return self


class Freshness(Section):
    """How old the newest row may be, in days, when `prepare` runs; null is not checked."""

    column: str | None = None
    max_age_days: Positive | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Freshness":
        if self.max_age_days is not None and self.column is None:
            raise ValueError("column must name the date column whose newest value counts")
        return self


class Distribution(Section):
    """How far a column may move from what it was in train; null is not checked."""

    max_psi: Positive | None = None


class ContractRules(Section):
    """Everything in conf/contract.yaml.

    max_quarantine_share: the share of rows that `prepare` may set aside; above it stops.
    """

    max_quarantine_share: Annotated[float, Field(ge=0, lt=1)]
    columns: Annotated[dict[str, ColumnRules], Field(min_length=1)]
    labels: Labels
    freshness: Freshness = Freshness()
    distribution: Distribution = Distribution()
