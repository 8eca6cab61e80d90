"""What a request may hold, as types made from the contract; and its rows as a model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from ..model.features import MISSING
from ..model.scorer import numeric_names
from .cells import cell_type
from .faults import fields_of, in_one_line
from .problems import Refused

if TYPE_CHECKING:
    from .loading import Release

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Asked:
    """Rows to answer: numbers, shape (n_rows, n_numeric), and texts, shape (n_rows, n_texts)."""

    numbers: NDArray[np.float64]
    texts: NDArray[Any]

    def __len__(self) -> int:
        return len(self.numbers)


class Reader:
    """Reads the bodies of requests for one release."""

    def __init__(self, release: Release, max_rows: int) -> None:
        numbers, texts = numeric_names(release.columns), release.columns.categories
        # In this order the values of a row are those of the two matrices, one after the other.
        self.names, self.n_numbers = (*numbers, *texts), len(numbers)
        self.row = row_model(release, self.names)
        self.rows = rows_model(self.row, max_rows)
        self._row: TypeAdapter[Any] = TypeAdapter(self.row)
        self._rows: TypeAdapter[Any] = TypeAdapter(self.rows)

    def one(self, body: bytes) -> Asked:
        """The row of a /predict body; raises Refused that names each wrong field."""
        return self._arrays([self._valid(self._row, body)])

    def many(self, body: bytes) -> Asked:
        """The rows of a /predict/batch body; raises Refused that names row and field."""
        return self._arrays(self._valid(self._rows, body).rows)

    def _valid(self, adapter: TypeAdapter[Any], body: bytes) -> Any:
        try:
            return adapter.validate_json(body)
        except ValidationError as error:
            raise refused(error, self.names) from None

    def _arrays(self, rows: Sequence[BaseModel]) -> Asked:
        cells = [list(vars(row).values()) for row in rows]
        numbers = [values[: self.n_numbers] for values in cells]
        texts = [_filled(values[self.n_numbers :]) for values in cells]
        n_texts = len(self.names) - self.n_numbers
        # As floats None is NaN. The shape is said for rows that have no number, or no text.
        return Asked(
            np.array(numbers, dtype=np.float64).reshape(len(rows), self.n_numbers),
            np.array(texts, dtype=object).reshape(len(rows), n_texts),
        )


def row_model(release: Release, names: Sequence[str]) -> type[BaseModel]:
    """A type with one field a column, in the order of `names`.

    A column may be called anything, so a field has a name of its own, and the column's as alias.
    """
    readings = {column.name: column.reading for column in release.contract.features}
    fields: dict[str, Any] = {}
    for place, name in enumerate(names):
        rules = release.rules.columns[name]
        unit = f"in {rules.unit}" if rules.unit else None
        absent: dict[str, Any] = {} if rules.required else {"default": None}
        said = Field(alias=name, title=name, description=unit, **absent)
        within = release.contract.ranges.get(name)
        fields[f"column_{place}"] = (cell_type(rules, readings[name], within), said)
    return create_model("Row", __config__=STRICT, **fields)


def rows_model(row: type[BaseModel], max_rows: int) -> type[BaseModel]:
    """A type with a list of rows, at least one."""
    rows = Field(min_length=1, max_length=max_rows)
    fields: dict[str, Any] = {"rows": (list[row], rows)}  # type: ignore[valid-type]
    return create_model("Rows", __config__=STRICT, **fields)


def _filled(texts: list[Any]) -> list[Any]:
    return [MISSING if text is None else text for text in texts]


def refused(error: ValidationError, names: Sequence[str]) -> Refused:
    """The refusal that names the fields which pydantic found wrong."""
    found = error.errors(include_url=False)
    if found[0]["type"] == "json_invalid":
        return Refused("not_json", f"the body is not JSON: {found[0]['ctx']['error']}")
    fields = fields_of(found, names)
    return Refused("unfit", in_one_line(fields, len(found)), fields)
