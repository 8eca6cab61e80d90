"""The request model, made from the schema, and requests as tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

from ..dataloader.schema import Column, Schema
from ..dataloader.sources import NULLS, ROW
from ..utils.names import hint

MAX_SHOWN = 100  # characters of a wrong value that an error repeats


def row_model(schema: Schema) -> type[BaseModel]:
    """One row as a JSON object of column and value; every rule is the schema's."""
    fields: dict[str, Any] = {
        f"column_{place}": (_cell_type(column), Field(alias=name, title=name))
        for place, (name, column) in enumerate(schema.columns.items())
    }
    return create_model("Row", __config__=ConfigDict(extra="forbid"), **fields)


def body_type(row: type[BaseModel], max_rows: int) -> Any:
    """What /predict takes: one row, or a list of rows."""
    size = Field(min_length=1, max_length=max_rows, fail_fast=True)
    rows = Annotated[list[row], size]  # type: ignore[valid-type] # made at run time
    tagged = Annotated[row, Tag("row")] | Annotated[rows, Tag("rows")]
    return Annotated[tagged, Discriminator(lambda body: _kind(body))]


def types_of(schema: Schema) -> dict[str, pl.DataType]:
    """The type of each column of a typed table."""
    empty = pl.DataFrame(schema=dict.fromkeys([ROW, *schema.columns], pl.String))
    return dict(schema.parse(empty).drop(ROW).schema)


def typed_table(types: Mapping[str, pl.DataType], rows: Sequence[BaseModel]) -> pl.DataFrame:
    """Valid rows as a table with these types."""
    cells = [dict(zip(types, vars(row).values(), strict=True)) for row in rows]
    return pl.from_dicts(cells, schema=types)


def explain_errors(errors: Sequence[Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """row, field and problem for each error of pydantic in a body. names: the columns."""
    return [_explain(error, names) for error in errors]


def _explain(error: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    place = [part for part in error["loc"][1:] if part not in ("row", "rows")]
    row = place.pop(0) if place and isinstance(place[0], int) else None
    field = str(place[0]) if place else None
    return {"row": row, "field": field, "problem": _problem(error, field or "", names)}


def _problem(error: Mapping[str, Any], field: str, names: Sequence[str]) -> str:
    kind, seen = error["type"], error.get("input")
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"is unknown; {hint(field, names)}"
    rule = str(error["msg"]).replace("Input should", "must", 1)
    shown = "" if isinstance(seen, dict | list | bytes) else f", got {seen!r:.{MAX_SHOWN}}"
    return rule + shown


def _kind(body: Any) -> str:
    return "rows" if isinstance(body, list) else "row"


def _cell_type(column: Column) -> Any:
    """The type of a cell in JSON, which has numbers and booleans; dates are ISO 8601."""
    if column.type == "number":
        limits = Field(strict=True, allow_inf_nan=False, ge=column.min, le=column.max)
        return _nullable(Annotated[float, limits], column)
    if column.type == "boolean":
        return _nullable(Annotated[bool, Field(strict=True)], column)
    if column.type == "date":
        text = {"type": "string", "format": "date-time"}
        described = {"anyOf": [text, {"type": "null"}]} if column.nullable else text
        cell = _nullable(datetime, column)
        return Annotated[cell, BeforeValidator(_date), WithJsonSchema(described)]
    words = Literal[column.categories] if column.categories else str
    return Annotated[_nullable(words, column), BeforeValidator(_text)]


def _nullable(kind: Any, column: Column) -> Any:
    return kind | None if column.nullable else kind


def _text(cell: Any) -> Any:
    """Text as it is read from a file: without outer blanks, None where it means "not known"."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    return None if text in NULLS else text


def _date(cell: Any) -> Any:
    """A moment without a zone, in UTC where the text names a zone."""
    text = _text(cell)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError) as error:
        raise PydanticCustomError("date", "must be a date like 2024-12-31T23:59:00") from error
