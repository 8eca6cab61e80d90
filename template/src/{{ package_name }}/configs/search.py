"""What may stand in conf/search.yaml: what `tune` searches, and for how long."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from .load import load
from .schema import Count, Models, Positive, Section

SEARCH = "conf/search.yaml"

Value = bool | int | float | str | None
Folds = Annotated[int, Field(ge=2, le=50)]


class Parameter(Section):
    """One dimension of a space: a range, or a list of choices."""

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: tuple[Value, ...] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Parameter:
        if self.choices is not None:
            if self.low is not None or self.high is not None or self.log:
                raise ValueError("choices stand alone, without low, high and log")
            if len(set(self.choices)) < 2:
                raise ValueError("choices must be two or more different values")
            return self
        if self.low is None or self.high is None:
            raise ValueError("low and high are needed, or choices")
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low:g} and {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"low must be above 0 where log is true, got {self.low:g}")
        return self

    def ends(self) -> Iterator[tuple[str, Value]]:
        """The values that must be allowed for all to be allowed, and where each stands."""
        if self.choices is not None:
            yield from ((f"choices[{place}]", value) for place, value in enumerate(self.choices))
        else:
            yield from (("low", self.low), ("high", self.high))

    def holds(self, value: Any) -> bool:
        """Whether the search could come upon this value."""
        if self.choices is not None:
            return value in self.choices
        if value is None or self.low is None or self.high is None:
            return False
        return bool(self.low <= value <= self.high)


class Budget(Section):
    """When a study is done."""

    n_trials: Count
    seconds: Positive | None


class Sampler(Section):
    """How the next trial is chosen."""

    name: Literal["tpe", "random"]
    seed: Annotated[int, Field(ge=0, lt=2**32)]


class Score(Section):
    """On which rows a trial is scored."""

    by: Literal["auto", "folds", "valid"]
    n_folds: Folds
    min_valid_rows: Count

    def by_folds(self, n_valid_rows: int) -> bool:
        """Whether trials are cross-validated inside train."""
        return self.by == "folds" or (self.by == "auto" and n_valid_rows < self.min_valid_rows)


class Search(Section):
    """Everything in conf/search.yaml."""

    budget: Budget
    sampler: Sampler
    score: Score
    pruning: Literal["none", "median"]
    space: dict[str, dict[str, Parameter]]

    @field_validator("space")
    @classmethod
    def _suits_the_models(cls, space: dict[str, Any]) -> dict[str, Any]:
        for model, parameters in space.items():
            fields = _field(Models, model, model, "model")
            for name, parameter in parameters.items():
                field = _field(fields.annotation, name, f"{model}.{name}", "parameter")
                for end, value in parameter.ends():
                    if not _takes(field, value):
                        raise ValueError(
                            f"{model}.{name}.{end}: {value} is no value for models.{model}.{name}; "
                            f"see configs/schema.py"
                        )
        return space


def load_search(root: Path) -> Search:
    """conf/search.yaml; raises ValueError with one line a mistake."""
    return load(root, SEARCH, Search)


def is_whole(model: str, name: str) -> bool:
    """Whether a parameter takes whole numbers only."""
    section: Any = Models.model_fields[model].annotation
    return not _takes(section.model_fields[name], 1.5)


def _field(section: Any, name: str, place: str, what: str) -> Any:
    known = section.model_fields
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
    raise ValueError(f"{place} is no {what}; {hint}")


def _takes(field: Any, value: Value) -> bool:
    try:
        TypeAdapter(field.rebuild_annotation()).validate_python(value)
    except ValidationError:
        return False
    return True
